import { randomUUID } from 'node:crypto';
import PostalMime from 'postal-mime';

export interface Mail {
  id: string;
  /** When it arrived, by the sandbox's clock. */
  at: string;
  from: string;
  /** The envelope's recipients: who really gets it, blind copies included. */
  to: string[];
  subject: string;
  text: string;
  html: string;
  /** Names in lower case; a header that occurs twice keeps its last value. */
  headers: Record<string, string>;
  attachments: { filename: string | null; mimeType: string; sizeBytes: number }[];
}

export interface Envelope {
  from: string;
  to: string[];
}

/** Every mail that arrived, oldest first. */
export class Mailbox {
  readonly #mails: Mail[] = [];

  async receive(raw: Buffer, envelope: Envelope, at: Date): Promise<Mail> {
    const email = await PostalMime.parse(raw);
    const mail: Mail = {
      id: randomUUID(),
      at: at.toISOString(),
      from: email.from?.address ?? envelope.from,
      to: envelope.to,
      subject: email.subject ?? '',
      text: email.text ?? '',
      html: email.html ?? '',
      headers: Object.fromEntries(email.headers.map(({ key, value }) => [key, value])),
      attachments: email.attachments.map(({ filename, mimeType, content }) => ({
        filename,
        mimeType,
        sizeBytes: typeof content === 'string' ? Buffer.byteLength(content) : content.byteLength,
      })),
    };
    this.#mails.push(mail);
    return mail;
  }

  list(filter: { to?: string | undefined } = {}): Mail[] {
    const wanted = filter.to?.toLowerCase();
    return this.#mails.filter((mail) => !wanted || mail.to.some((address) => address.toLowerCase() === wanted));
  }

  get(id: string): Mail | undefined {
    return this.#mails.find((mail) => mail.id === id);
  }

  clear(): void {
    this.#mails.length = 0;
  }
}
