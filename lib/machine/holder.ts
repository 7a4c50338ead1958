/** Who holds a port, and how. Unknown details are left out. */
export interface Holder {
  /** The port that is held, 1-65535. */
  readonly port: number;
  /** The transport. */
  readonly transport: "tcp" | "udp";
  /** The local address, such as `127.0.0.1` or `::`; empty if unknown. */
  readonly address: string;
  /**
   * `listening`: accepts connections; `bound`: a UDP socket, or a TCP socket
   * that does not listen; `connected`: only connections use it.
   */
  readonly how: "listening" | "bound" | "connected";
  /** The process's id. */
  readonly pid?: number;
  /** The process's short name. */
  readonly process?: string;
  /** Set if the holder may be another process instead. */
  readonly uncertain?: true;
  /** The name, or else the id, of the user who owns the socket. */
  readonly user?: string;
}

/** A process that may hold a port. */
export interface Suspect {
  /** The process's id. */
  readonly pid: number;
  /** Its short name. */
  readonly process: string;
}
