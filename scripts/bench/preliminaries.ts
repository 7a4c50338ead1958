import type { BenchFolder } from "./bench_folder.ts";
import { type Programs, PYTHON } from "./programs.ts";

/** What a reader of the results has to know of how they were taken. */
export function preliminaries(
  { python }: Programs,
  { memory }: BenchFolder,
): string[] {
  const notes = [
    python
      ? `${PYTHON}, is its library called with a store of the bench's own, ` +
        `as its command does with /etc/port-for.conf, the only one it knows; ` +
        `reading arguments is not in its time`
      : `${PYTHON}, is left out: it is not installed ` +
        `(apt-get install python3-port-for)`,
  ];
  if (memory === undefined) {
    notes.push(
      "nothing is measured without flushes: /dev/shm is no tmpfs here " +
        "(mount -t tmpfs tmpfs /dev/shm)",
    );
  }
  return notes;
}
