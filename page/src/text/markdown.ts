// A reply's markdown as elements that can do no harm.
//
// Two fences: HTML in a reply is shown as the text that it is, never read; and what marked makes goes through DOMPurify
// with a short list of elements, no styles, no ids, no pictures from elsewhere, and links to http, https and mail only.
// A third stands outside: the page's Content-Security-Policy.
import DOMPurify from "dompurify";
import { Marked, type Tokens } from "marked";

const kTags = [
  "p", "br", "hr", "em", "strong", "del", "code", "pre", "blockquote", "a", "ul", "ol", "li",
  "h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
];
const kAttributes = ["href", "title", "start", "align"];
const kLinks = /^(?:https?:|mailto:)/i;

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    html: (token: Tokens.HTML | Tokens.Tag) => escaped(token.text),
    image: (token: Tokens.Image) => escaped(token.text || token.href),
    // A reply's headings stand below the page's own.
    heading(token: Tokens.Heading): string {
      const level = Math.min(token.depth + 2, 6);
      return `<h${level}>${this.parser.parseInline(token.tokens)}</h${level}>`;
    },
    checkbox: (token: Tokens.Checkbox) => (token.checked ? "☑ " : "☐ "),
  },
});

export function markdown(text: string): DocumentFragment {
  const html = marked.parse(text, { async: false });
  const fragment = DOMPurify.sanitize(html, {
    ALLOWED_TAGS: kTags,
    ALLOWED_ATTR: kAttributes,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ALLOWED_URI_REGEXP: kLinks,
    RETURN_DOM_FRAGMENT: true,
  });
  for (const link of fragment.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }
  // What scrolls can be reached with the keyboard.
  for (const block of fragment.querySelectorAll<HTMLElement>("pre, table")) block.tabIndex = 0;
  return fragment;
}
