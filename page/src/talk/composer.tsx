// Where the user writes, the mask that is worn, and the button that stops a reply.
import { useEffect, useRef, useState } from "preact/hooks";
import { useStore } from "../shell/store.js";
import { useWords } from "../words/index.js";
import { MaskPicker } from "./mask_picker.js";
import { talks } from "./talks.js";

// The key code of a key that an input method has taken; Safari says no more of the Enter that ends a syllable.
const kTakenByInputMethod = 229;

// Enter sends; not the Enter that ends a syllable of Hangul.
export function isSendKey(event: KeyboardEvent): boolean {
  const isComposing = event.isComposing || event.keyCode === kTakenByInputMethod;
  return event.key === "Enter" && !event.shiftKey && !isComposing;
}

export function Composer() {
  const words = useWords();
  const { mode, current } = useStore(talks);
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const isSpeaking = talks.isSpeaking();

  useEffect(() => field.current?.focus(), [current]);
  useEffect(() => {
    const stop = (event: KeyboardEvent): void => {
      if (event.key === "Escape") talks.stop();
    };
    addEventListener("keydown", stop);
    return () => removeEventListener("keydown", stop);
  }, []);

  const send = (event: Event): void => {
    event.preventDefault();
    if (text.trim() === "" || isSpeaking) return;
    setText("");
    field.current?.focus();
    void talks.send(text.trim());
  };
  return (
    <form class="composer" data-mode={mode} onSubmit={send}>
      <label class="hidden" for="message">{words.talk.message}</label>
      <textarea
        id="message"
        ref={field}
        rows={Math.min(8, Math.max(2, text.split("\n").length))}
        placeholder={words.talk.placeholder[mode]}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => isSendKey(event) && send(event)}
      />
      <div class="row">
        <MaskPicker />
        <span class="hint">{words.talk.keys}</span>
        {isSpeaking ? (
          <button type="button" class="stop" onClick={() => talks.stop()}>{words.talk.stop}</button>
        ) : (
          <button type="submit" class="primary" disabled={text.trim() === ""}>{words.talk.send}</button>
        )}
      </div>
      <p class="hidden" role="status">{isSpeaking ? words.talk.speaking : ""}</p>
    </form>
  );
}
