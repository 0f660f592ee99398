// One message: what was said, how it ended, whether it was kept, and what can be done with it.
import { useEffect, useRef, useState } from "preact/hooks";
import { house } from "../shell/house.js";
import { Doing } from "../shell/load.js";
import { ReplyText } from "../text/reply_text.js";
import { useWords } from "../words/index.js";
import { isSendKey } from "./composer.js";
import { showSibling, siblings, type Said } from "./conversation.js";
import { talks } from "./talks.js";

function OtherWays({ said }: { said: Said }) {
  const words = useWords();
  const all = siblings(said);
  if (all.length < 2) return null;
  const at = all.indexOf(said);
  const step = (by: -1 | 1): void => {
    showSibling(said, by);
    talks.changed();
  };
  return (
    <span class="ways">
      <button class="plain" disabled={at === 0} aria-label={words.talk.earlier} onClick={() => step(-1)}>‹</button>
      <span aria-label={words.talk.wayOf(at + 1, all.length)}>{at + 1}/{all.length}</span>
      <button class="plain" disabled={at === all.length - 1} aria-label={words.talk.later} onClick={() => step(1)}>›</button>
    </span>
  );
}

// A field in the message's own place.
function Rewrite(props: { text: string; label: string; done: string; onDone: (text: string) => void; onLeave: () => void }) {
  const words = useWords();
  const [text, setText] = useState(props.text);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current!.focus(), []);
  const finish = (): void => {
    if (text.trim() !== "") props.onDone(text.trim());
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape") props.onLeave();
    if (isSendKey(event)) (event.preventDefault(), finish());
  };
  return (
    <div class="rewrite">
      <textarea aria-label={props.label} rows={3} value={text} ref={field} onInput={(event) => setText(event.currentTarget.value)} onKeyDown={onKey} />
      <div class="row">
        <button class="primary" onClick={finish}>{props.done}</button>
        <button onClick={props.onLeave}>{words.cancel}</button>
      </div>
    </div>
  );
}

// How a reply ended, and whether it was kept: in words, always.
function Ending({ said }: { said: Said }) {
  const words = useWords();
  if (said.state === "speaking") return <span class="badge">{words.talk.speaking}</span>;
  const isKept = said.turn !== "" || (said.mode === "grow" && (said.state === "whole" || said.state === "limit"));
  return (
    <>
      <span class={isKept ? "badge kept" : "badge"}>{isKept ? words.talk.kept[said.mark] : words.talk.notKept}</span>
      {said.state === "stopped" && <span class="badge">{words.talk.stopped}</span>}
      {said.state === "limit" && <span class="badge">{words.talk.limit}</span>}
      {said.state === "cut" && <span class="badge problem">{words.talk.cut}</span>}
      {said.state === "failed" && <span class="problem" role="alert">{said.problem || words.problems.unreachable}</span>}
    </>
  );
}

function Marks({ said, onFix }: { said: Said; onFix: () => void }) {
  const words = useWords();
  if (said.turn === "" || !house.has("turns")) return null;
  const other = (mark: "kept" | "struck") => async () => talks.mark(said, said.mark === mark ? "none" : mark);
  return (
    <>
      <Doing kind="plain" pressed={said.mark === "kept"} does={other("kept")}>{words.talk.keep}</Doing>
      <button class="plain" onClick={onFix}>{words.talk.fix}</button>
      <Doing kind="plain" pressed={said.mark === "struck"} does={other("struck")}>{words.talk.strike}</Doing>
    </>
  );
}

function ReplyActions({ said, isLast, onFix }: { said: Said; isLast: boolean; onFix: () => void }) {
  const words = useWords();
  if (said.state === "speaking") return null;
  return (
    <>
      {navigator.clipboard && <button class="plain" onClick={() => void navigator.clipboard.writeText(said.text)}>{words.talk.copy}</button>}
      {isLast && <button class="plain" onClick={() => void talks.again(said)}>{words.talk.again}</button>}
      <button class="plain" onClick={() => talks.branch(said)}>{words.talk.branch}</button>
      <Marks said={said} onFix={onFix} />
    </>
  );
}

function Reply({ said, isLast }: { said: Said; isLast: boolean }) {
  const words = useWords();
  const [isFixing, setIsFixing] = useState(false);
  const fix = (text: string): void => {
    setIsFixing(false);
    talks.mark(said, "fixed", text).catch(() => talks.changed());
  };
  return (
    <article class="message reply" aria-label={words.companion} aria-busy={said.state === "speaking"} data-state={said.state} data-mark={said.mark}>
      <p class="speaker" aria-hidden="true">{words.companion}</p>
      <ReplyText text={said.text} />
      {said.fixed !== "" && <div class="fixed"><p>{words.talk.shouldHave}</p><ReplyText text={said.fixed} /></div>}
      {isFixing && <Rewrite text={said.fixed || said.text} label={words.talk.shouldHave} done={words.talk.fixDone} onDone={fix} onLeave={() => setIsFixing(false)} />}
      <div class="row actions">
        <Ending said={said} />
        <OtherWays said={said} />
        <ReplyActions said={said} isLast={isLast} onFix={() => setIsFixing(true)} />
      </div>
    </article>
  );
}

function UserMessage({ said }: { said: Said }) {
  const words = useWords();
  const [isEditing, setIsEditing] = useState(false);
  const edit = (text: string): void => {
    setIsEditing(false);
    void talks.edit(said, text);
  };
  return (
    <article class="message user" aria-label={words.you}>
      <p class="speaker" aria-hidden="true">{words.you}</p>
      {isEditing ? (
        <Rewrite text={said.text} label={words.talk.edit} done={words.talk.send} onDone={edit} onLeave={() => setIsEditing(false)} />
      ) : (
        <p class="said">{said.text}</p>
      )}
      <div class="row actions">
        <OtherWays said={said} />
        {!isEditing && <button class="plain" disabled={talks.isSpeaking()} onClick={() => setIsEditing(true)}>{words.talk.edit}</button>}
      </div>
    </article>
  );
}

export function Message({ said, isLast }: { said: Said; isLast: boolean }) {
  return said.role === "user" ? <UserMessage said={said} /> : <Reply said={said} isLast={isLast} />;
}
