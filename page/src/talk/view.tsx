// Talking: the conversation first, and beside it those that there are.
import { useEffect, useRef } from "preact/hooks";
import { useStore } from "../shell/store.js";
import { useWords } from "../words/index.js";
import { Composer } from "./composer.js";
import { Conversations } from "./list.js";
import { Message } from "./message.js";
import { talks } from "./talks.js";

const kNearEnd = 120; // pixels: who reads further up is left where he is

export function TalkView() {
  const words = useWords();
  const { current, mode } = useStore(talks);
  const path = current.path();
  const log = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    isAtEnd.current = true;
  }, [current, path.length]);
  useEffect(() => {
    if (isAtEnd.current) log.current!.scrollTop = log.current!.scrollHeight;
  });
  const look = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = log.current!;
    isAtEnd.current = scrollHeight - scrollTop - clientHeight < kNearEnd;
  };
  return (
    <div class="talk" data-mode={mode}>
      <h1 class="hidden">{words.places.talk}</h1>
      <Conversations />
      <section class="conversation" aria-label={words.talk.conversation}>
        <div class="log" role="log" ref={log} onScroll={look} tabIndex={0} aria-label={words.talk.log}>
          {path.length === 0 && <p class="empty">{words.talk.empty[mode]}</p>}
          {path.map((said) => <Message key={`${current.id} ${said.id}`} said={said} isLast={said === path.at(-1)} />)}
        </div>
        <Composer />
      </section>
    </div>
  );
}
