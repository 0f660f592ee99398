// Looking words up, and dates in the visitor's own time.

export type Table = Record<string, string>;

// A word that the page does not know is shown as the server said it.
export function look(table: Table, word: string): string {
  return table[word] ?? word.replace(/_/g, " ");
}

export function clock(language: "en" | "ko", iso: string, withTime: boolean): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const style: Intl.DateTimeFormatOptions = withTime ? { dateStyle: "medium", timeStyle: "short" } : { dateStyle: "medium" };
  return new Intl.DateTimeFormat(language === "ko" ? "ko-KR" : "en-GB", style).format(date);
}
