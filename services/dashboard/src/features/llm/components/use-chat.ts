import { useEffect, useRef, useState } from 'react';
import { streamCompletion, type ChatMessage, type Gateway, type Usage } from '../api/gateway.ts';

export interface ChatState {
  messages: readonly ChatMessage[];
  isStreaming: boolean;
  error: unknown;
  usage: Usage | null;
  /** From sending to the first word, in ms. */
  firstWordMs: number | null;
}

const START: ChatState = { messages: [], isStreaming: false, error: null, usage: null, firstWordMs: null };

/** A conversation in memory only: it is gone with the page, like the key. */
export function useChat(gateway: Gateway, model: string, onSettled: () => void) {
  const [state, setState] = useState(START);
  const running = useRef<AbortController | null>(null);

  useEffect(() => () => running.current?.abort(), []);

  const send = async (text: string) => {
    const stopped = new AbortController();
    running.current = stopped;
    const asked: ChatMessage[] = [...state.messages, { role: 'user', content: text }];
    setState({ ...START, messages: [...asked, { role: 'assistant', content: '' }], isStreaming: true });
    const startedAt = performance.now();
    const change = (update: (previous: ChatState) => ChatState) => {
      if (!stopped.signal.aborted || running.current === stopped) setState(update);
    };
    try {
      const usage = await streamCompletion(gateway, {
        model,
        messages: asked,
        signal: stopped.signal,
        onText: (part) =>
          change((previous) => ({
            ...previous,
            firstWordMs: previous.firstWordMs ?? performance.now() - startedAt,
            messages: withAppended(previous.messages, part),
          })),
      });
      change((previous) => ({ ...previous, isStreaming: false, usage }));
    } catch (error) {
      const reason = stopped.signal.aborted ? null : error;
      change((previous) => ({
        ...previous,
        messages: withoutEmptyAnswer(previous.messages),
        isStreaming: false,
        error: reason,
      }));
    }
    onSettled();
  };

  const stop = () => running.current?.abort();
  const clear = () => {
    running.current?.abort();
    running.current = null;
    setState(START);
  };

  return { ...state, send, stop, clear };
}

function withAppended(messages: readonly ChatMessage[], text: string): ChatMessage[] {
  const answer = messages.at(-1);
  return answer?.role === 'assistant'
    ? [...messages.slice(0, -1), { ...answer, content: answer.content + text }]
    : [...messages];
}

function withoutEmptyAnswer(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  return messages.at(-1)?.content === '' ? messages.slice(0, -1) : messages;
}
