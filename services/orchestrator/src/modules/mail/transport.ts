import { createTransport } from 'nodemailer';
import type { Config } from '#core/config/variables.ts';

interface Message {
  id: string;
  to: { name: string; address: string };
  subject: string;
  html: string;
  text: string;
}

/** One connection per mail: mails are few, and a connection that a relay closed meanwhile is a mail that fails. */
export async function transmit(config: Pick<Config, 'SMTP_URL' | 'MAIL_FROM'>, message: Message): Promise<void> {
  const transport = createTransport({
    url: config.SMTP_URL,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
    dnsTimeout: 10_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    await transport.sendMail({
      from: config.MAIL_FROM,
      to: message.to,
      subject: message.subject,
      html: message.html,
      text: message.text,
      messageId: messageId(config.MAIL_FROM, message.id),
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
  } finally {
    transport.close();
  }
}

export function messageId(from: string, mailId: string): string {
  const domain = /@([^\s>]+)>?\s*$/.exec(from)?.[1] ?? 'localhost';
  return `<${mailId}@${domain}>`;
}

/** A 5xx about the recipient or the message. A 5xx to our login or greeting is our fault, and may be mended. */
export function isPermanent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, responseCode } = error as Error & { code?: string; responseCode?: number };
  return (code === 'EENVELOPE' || code === 'EMESSAGE') && responseCode !== undefined && responseCode >= 500;
}
