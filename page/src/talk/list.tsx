// The conversations there are: those of this tab, those that the bag keeps, and a search through both.
import { useState } from "preact/hooks";
import type { ConversationHead } from "../api/types.js";
import { house } from "../shell/house.js";
import { useLoaded } from "../shell/load.js";
import { useStore } from "../shell/store.js";
import { useWords } from "../words/index.js";
import type { Conversation } from "./conversation.js";
import { search, type Found } from "./search.js";
import { talks } from "./talks.js";

function Open({ conversation }: { conversation: Conversation }) {
  return (
    <button class="item" aria-current={conversation === talks.current ? "true" : undefined} onClick={() => talks.show(conversation)}>
      {conversation.title()}
    </button>
  );
}

function FoundItem({ found }: { found: Found }) {
  return (
    <button class="item" onClick={() => talks.show(found.conversation)}>
      {found.before}
      <mark>{found.match}</mark>
      {found.after}
    </button>
  );
}

function Kept({ words: wanted }: { words: string }) {
  const words = useWords();
  const isThere = house.has("conversations") && house.mayGrow;
  const query = wanted === "" ? "" : `&search=${encodeURIComponent(wanted)}`;
  // Asked again when a conversation of this tab has become one of the bag's.
  const known = talks.list.filter((one) => one.kept !== "").length;
  const { value } = useLoaded<{ conversations: ConversationHead[] }>(
    isThere ? `/banchu/v1/conversations?limit=50${query}#${known}` : "",
  );
  const here = new Set(talks.list.map((one) => one.kept));
  const rows = value?.conversations.filter((head) => wanted !== "" || !here.has(head.id)) ?? [];
  if (rows.length === 0) return null;
  return (
    <>
      <h2>{words.talk.keptOnes}</h2>
      <ul>
        {rows.map((head) => (
          <li key={head.id}>
            <button class="item" aria-current={head.id === talks.current.kept ? "true" : undefined} onClick={() => void talks.open(head.id)}>
              {head.found || head.title}
              <small>{words.day(head.last)}</small>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

export function Conversations() {
  const words = useWords();
  const { list } = useStore(talks);
  const [wanted, setWanted] = useState("");
  const found = search(list, wanted);
  return (
    <aside class="conversations" aria-label={words.talk.conversations}>
      <button class="new" onClick={() => talks.begin()}>{words.talk.begin}</button>
      <label class="hidden" for="search">{words.talk.search}</label>
      <input id="search" type="search" placeholder={words.talk.search} value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} />
      <div class="lists">
        {wanted !== "" && <p class="quiet" role="status">{words.talk.found(found.length)}</p>}
        <ul>
          {wanted === ""
            ? list.map((one) => <li key={one.id}><Open conversation={one} /></li>)
            : found.map((one) => <li key={`${one.conversation.id} ${one.said.id}`}><FoundItem found={one} /></li>)}
        </ul>
        <Kept words={wanted.trim()} />
      </div>
    </aside>
  );
}
