import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

export interface SmtpSink {
  port: number;
  mails: { to: string[]; text: string }[];
  close(): void;
}

/** Takes every mail and keeps it as it came. */
export async function startSmtpSink(): Promise<SmtpSink> {
  const mails: SmtpSink['mails'] = [];
  const server = createServer((socket) => {
    let [buffer, isData, to] = ['', false, [] as string[]];
    const say = (line: string) => socket.write(`${line}\r\n`);
    say('220 sink');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      buffer += chunk.toString('utf8');
      for (;;) {
        const end = isData ? buffer.indexOf('\r\n.\r\n') : buffer.indexOf('\r\n');
        if (end < 0) return;
        const part = buffer.slice(0, end);
        buffer = buffer.slice(end + (isData ? 5 : 2));
        if (isData) {
          mails.push({ to, text: part });
          [isData, to] = [false, []];
          say('250 kept');
          continue;
        }
        const verb = part.slice(0, 4).toUpperCase();
        if (verb === 'RCPT') to.push(/<(.+)>/.exec(part)?.[1] ?? '');
        isData = verb === 'DATA';
        say(isData ? '354 go on' : verb === 'QUIT' ? '221 bye' : '250 ok');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, mails, close: () => server.close() };
}
