/** Who holds a port, and how. What cannot be seen is left out. */
export interface Holder {
  /** The port that is held, 1-65535. */
  readonly port: number;
  /** The transport. */
  readonly transport: "tcp" | "udp";
  /** The local address, such as `127.0.0.1` or `::`; empty where unknown. */
  readonly address: string;
  /**
   * `listening` for connections; `bound` (a UDP socket, or a TCP socket that
   * does not listen); `connected`: there are only connections from it.
   */
  readonly how: "listening" | "bound" | "connected";
  /** The process's id. */
  readonly pid?: number;
  /** The process's short name. */
  readonly process?: string;
  /** Set where another process may be the holder instead. */
  readonly uncertain?: true;
  /** The name of the user who owns the socket, else the user's id. */
  readonly user?: string;
}

/** A process that may hold a port. */
export interface Suspect {
  /** The process's id. */
  readonly pid: number;
  /** Its short name. */
  readonly process: string;
}
