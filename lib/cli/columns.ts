import stringWidth from "string-width";

/** Fits a text into a column: padded with blanks, or cut off with `…`. */
export function fitted(text: string, columns: number): string {
  const filler = columns - stringWidth(text);
  if (filler >= 0) return text + " ".repeat(filler);
  let cut = "";
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (stringWidth(cut + segment) > columns - 1) break;
    cut += segment;
  }
  return `${cut}…${" ".repeat(columns - 1 - stringWidth(cut))}`;
}

/** How many columns of a terminal a text takes. */
export function columnsOf(text: string): number {
  return stringWidth(text);
}
