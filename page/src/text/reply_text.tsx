// A reply's text: markdown, or, when it is too long to be one, the plain text.
import { useLayoutEffect, useRef } from "preact/hooks";
import { markdown } from "./markdown.js";

// Reading this much markdown takes a tenth of a second; what is longer is shown as it is.
const kLongestMarkdown = 50_000;

export function ReplyText({ text }: { text: string }) {
  const place = useRef<HTMLDivElement>(null);
  const isPlain = text.length > kLongestMarkdown;
  useLayoutEffect(() => {
    if (isPlain) place.current!.textContent = text;
    else place.current!.replaceChildren(markdown(text));
  }, [text]);
  return <div ref={place} class={isPlain ? "reply-text plain" : "reply-text"} />;
}
