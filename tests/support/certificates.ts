import { runTool } from "./program.ts";
import type { TempFolder } from "./temp.ts";

/** A certificate and its key: the paths of their PEM files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate is for. */
export interface Subject {
  /** Such as `/O=fleet/CN=web`. By default one without a CommonName. */
  readonly subject?: string;
  /** Such as `IP:127.0.0.1`. By default none. */
  readonly names?: string;
  /** By default both. */
  readonly usages?: string;
}

/** An authority of a test's own, made with openssl. */
export class Authority {
  /** The path of its certificate. */
  readonly ca: string;
  readonly #temp: TempFolder;
  readonly #name: string;

  private constructor(name: string, temp: TempFolder) {
    this.#name = name;
    this.#temp = temp;
    this.ca = temp.file(`${name}.pem`);
  }

  /** Makes one, with its files in a folder. */
  static async of(name: string, temp: TempFolder): Promise<Authority> {
    const authority = new Authority(name, temp);
    await openssl(
      ...["req", "-x509", ...NEW_KEY, "-days=1", `-subj=/CN=${name}`],
      ...[`-keyout=${temp.file(`${name}.key`)}`, `-out=${authority.ca}`],
    );
    return authority;
  }

  /** Vouches for somebody. */
  async certificate(
    name: string,
    { subject = "/O=port-for", names, usages = "serverAuth,clientAuth" }:
      Subject = {},
  ): Promise<Certificate> {
    const [cert, key, request] = ["pem", "key", "csr"]
      .map((kind) => this.#temp.file(`${name}.${kind}`)) as [
        string,
        string,
        string,
      ];
    await openssl(
      ...["req", ...NEW_KEY, `-subj=${subject}`],
      ...[`-keyout=${key}`, `-out=${request}`],
    );
    const extensions = this.#temp.write(
      `${name}.ext`,
      `extendedKeyUsage=${usages}\n${names ? `subjectAltName=${names}\n` : ""}`,
    );
    await openssl(
      ...["x509", "-req", `-in=${request}`, `-out=${cert}`, "-days=1"],
      ...[`-CA=${this.ca}`, `-CAkey=${this.#temp.file(`${this.#name}.key`)}`],
      ...["-CAcreateserial", `-extfile=${extensions}`],
    );
    return { cert, key };
  }
}

const NEW_KEY = [
  "-newkey=ec",
  "-pkeyopt=ec_paramgen_curve:prime256v1",
  "-nodes",
];

/** Runs openssl; its options are written `-name=value` here. */
async function openssl(...options: string[]): Promise<void> {
  const words = options.flatMap((option) => {
    const [, name, value] = /^(-\w+)=(.*)$/s.exec(option) ?? [];
    return name === undefined ? [option] : [name, value!];
  });
  const { status, stderr } = await runTool(["openssl", ...words]);
  if (status !== 0) throw new Error(`openssl ${words.join(" ")}: ${stderr}`);
}
