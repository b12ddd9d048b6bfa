import { ArrowUp, MessagesSquare, Square } from 'lucide-react';
import { useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { cn } from '#lib/cn.ts';
import { Button } from '#ui/button.tsx';
import { Card, CardBody, CardHeader } from '#ui/card.tsx';
import { EmptyState } from '#ui/empty-state.tsx';
import { SelectField, TextField } from '#ui/field.tsx';
import { ErrorNotice } from '#ui/notice.tsx';
import { useModels } from '../api/models.ts';
import { useRefreshLlmUsage } from '../api/usage.ts';
import { useChat, type ChatState } from './use-chat.ts';

interface PlaygroundCardProps {
  gatewayUrl: string;
  /** In memory only, never stored. */
  apiKey: string;
  onApiKeyChange: (key: string) => void;
}

export function PlaygroundCard({ gatewayUrl, apiKey, onApiKeyChange }: PlaygroundCardProps) {
  const { t } = useTranslation();
  const [chosenModel, setChosenModel] = useState<string | null>(null);
  const refreshUsage = useRefreshLlmUsage();
  const gateway = { url: gatewayUrl, key: apiKey };
  const models = useModels(gateway);
  const model = chosenModel ?? models.data?.[0] ?? '';
  const chat = useChat(gateway, model, refreshUsage);
  const isReady = apiKey !== '' && model !== '';
  return (
    <Card className="flex flex-col">
      <CardHeader
        title={t('llm.playground.title')}
        description={t('llm.playground.description')}
        {...(chat.messages.length > 0
          ? {
              actions: (
                <Button variant="ghost" size="sm" onClick={chat.clear}>
                  {t('llm.playground.clear')}
                </Button>
              ),
            }
          : {})}
      />
      <CardBody className="flex flex-1 flex-col gap-4">
        <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
          <TextField
            name="playground-key"
            label={t('llm.playground.key')}
            hint={t('llm.playground.keyHint')}
            type="password"
            autoComplete="off"
            spellCheck={false}
            placeholder="sk-bst-…"
            value={apiKey}
            onChange={(event) => onApiKeyChange(event.target.value.trim())}
          />
          <SelectField
            name="playground-model"
            label={t('llm.playground.model')}
            disabled={!models.data}
            value={model}
            onChange={(event) => setChosenModel(event.target.value)}
            options={
              models.data?.map((id) => ({ value: id, label: id })) ?? [
                { value: '', label: apiKey === '' ? t('llm.playground.keyFirst') : t('ui.loading') },
              ]
            }
          />
        </div>
        <ErrorNotice error={models.error} />
        <Conversation chat={chat} />
        <ErrorNotice error={chat.error} />
        <Composer
          isReady={isReady}
          isStreaming={chat.isStreaming}
          onSend={(text) => void chat.send(text)}
          onStop={chat.stop}
        />
      </CardBody>
    </Card>
  );
}

function Conversation({ chat }: { chat: ChatState }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (chat.messages.length === 0) {
    return (
      <div className="rounded-lg border border-dashed border-line">
        <EmptyState icon={MessagesSquare} title={t('llm.playground.emptyTitle')} hint={t('llm.playground.emptyHint')} />
      </div>
    );
  }
  return (
    <div className="space-y-3">
      <div
        role="log"
        aria-label={t('llm.playground.conversation')}
        aria-busy={chat.isStreaming}
        className="max-h-[28rem] space-y-3 overflow-y-auto"
        tabIndex={0}
      >
        {chat.messages.map((message, index) => (
          <div key={index} className={cn('flex', message.role === 'user' && 'justify-end')}>
            <div
              className={cn(
                'max-w-[85%] rounded-2xl px-4 py-2.5 whitespace-pre-wrap wrap-anywhere',
                message.role === 'user' ? 'rounded-br-md bg-accent text-on-accent' : 'rounded-bl-md bg-sunken',
              )}
            >
              <span className="sr-only">{t(`llm.playground.roles.${message.role}`)} </span>
              {message.content}
              {chat.isStreaming && index === chat.messages.length - 1 && (
                <span
                  aria-hidden
                  className="ml-0.5 inline-block h-4 w-1.5 translate-y-0.5 animate-pulse rounded-sm bg-accent"
                />
              )}
            </div>
          </div>
        ))}
      </div>
      {chat.usage !== null && (
        <p role="status" className="text-xs text-muted tabular-nums">
          {t('llm.playground.usage', {
            prompt: format.number(chat.usage.promptTokens),
            completion: format.number(chat.usage.completionTokens),
            firstWord: format.seconds(chat.firstWordMs ?? 0),
          })}
        </p>
      )}
    </div>
  );
}

interface ComposerProps {
  isReady: boolean;
  isStreaming: boolean;
  onSend: (text: string) => void;
  onStop: () => void;
}

function Composer({ isReady, isStreaming, onSend, onStop }: ComposerProps) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const canSend = isReady && !isStreaming && text.trim() !== '';

  const send = () => {
    if (!canSend) return;
    onSend(text.trim());
    setText('');
  };
  const sendOnEnter = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };

  return (
    <form
      className="mt-auto flex items-end gap-2 rounded-xl border border-line-strong bg-surface p-1.5 focus-within:border-accent focus-within:outline-1 focus-within:outline-accent"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label htmlFor="playground-message" className="sr-only">
        {t('llm.playground.message')}
      </label>
      <textarea
        id="playground-message"
        rows={1}
        className="field-sizing-content max-h-40 min-h-9 flex-1 resize-none bg-transparent px-2.5 py-2 outline-none placeholder:text-subtle"
        placeholder={t('llm.playground.messagePlaceholder')}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={sendOnEnter}
      />
      {isStreaming ? (
        <Button size="icon" variant="secondary" onClick={onStop} aria-label={t('llm.playground.stop')}>
          <Square aria-hidden />
        </Button>
      ) : (
        <Button type="submit" size="icon" disabled={!canSend} aria-label={t('llm.playground.send')}>
          <ArrowUp aria-hidden />
        </Button>
      )}
    </form>
  );
}
