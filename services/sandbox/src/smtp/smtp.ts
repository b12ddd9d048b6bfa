import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import type { Fault } from '../kernel/faults.ts';
import { LOOPBACK } from '../kernel/listen.ts';
import type { Controllable, World } from '../kernel/stand-in.ts';
import { type Envelope, Mailbox } from './mailbox.ts';

const KINDS = ['smtp_4xx', 'smtp_5xx', 'smtp_drop_after', 'latency', 'hang'];
const SIZE_LIMIT_BYTES = 25 * 1024 * 1024;

export interface SmtpCatcher extends Controllable {
  url: string;
  mails: Mailbox;
  stop(): Promise<void>;
}

/**
 * Takes every mail and delivers none. It offers AUTH and accepts any name and password, or none.
 * Faults (target `smtp`, their `path` is matched against the recipients): `smtp_4xx` answers 451 to DATA, `smtp_5xx` 550,
 * `smtp_drop_after` keeps the mail and cuts the connection before the answer, `latency` answers `ms` late, `hang` never.
 */
export async function startSmtp(
  world: World,
  { port, host = LOOPBACK }: { port: number; host?: string | undefined },
): Promise<SmtpCatcher> {
  const mails = new Mailbox();
  const sockets = new Map<number, Socket>();
  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    size: SIZE_LIMIT_BYTES,
    closeTimeout: 100,
    logger: false,
    onAuth: (auth, _session, callback) => callback(null, { user: auth.username ?? 'anyone' }),
    onData: (stream, session, callback) => {
      const cut = () => sockets.get(session.remotePort)?.destroy();
      take(world, mails, stream, session).then(
        (outcome) => (outcome === 'cut' ? cut() : answer(outcome, callback)),
        (error: unknown) => callback(rejection(451, error instanceof Error ? error.message : String(error))),
      );
    },
  });
  server.server.on('connection', (socket: Socket) => {
    const { remotePort = 0 } = socket;
    sockets.set(remotePort, socket);
    socket.once('close', () => sockets.delete(remotePort));
  });
  const url = await open(server, port, host);

  return {
    name: 'smtp',
    url,
    mails,
    state: () => ({ url, count: mails.list().length }),
    reset: () => mails.clear(),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets.values()) socket.destroy();
      }),
  };
}

type Outcome = { accepted: string } | { rejected: Error } | 'hang' | 'cut';

async function take(
  world: World,
  mails: Mailbox,
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
): Promise<Outcome> {
  const raw = await read(stream);
  const envelope = envelopeOf(session);
  const recipients = envelope.to.join(',');
  const fault = world.faults.take('smtp', KINDS, { method: 'DATA', path: recipients });
  const record = (status: number | null) =>
    world.log.record({
      at: world.clock.now().toISOString(),
      standIn: 'smtp',
      direction: 'in',
      method: 'DATA',
      path: recipients,
      status,
      ...(fault && { fault: fault.kind }),
    });
  if (stream.sizeExceeded) {
    record(552);
    return { rejected: rejection(552, 'Message exceeds fixed maximum message size') };
  }
  const refusal = refusalFor(fault);
  if (refusal) {
    record(refusal.responseCode);
    return { rejected: refusal };
  }
  if (fault?.kind === 'latency') await sleep(fault.ms ?? 1000);
  if (fault?.kind === 'hang') {
    record(null);
    return 'hang';
  }
  const mail = await mails.receive(raw, envelope, world.clock.now());
  if (fault?.kind === 'smtp_drop_after') {
    record(null);
    return 'cut';
  }
  record(250);
  return { accepted: `queued as ${mail.id}` };
}

function answer(outcome: Exclude<Outcome, 'cut'>, callback: (error?: Error | null, message?: string) => void): void {
  if (outcome === 'hang') return;
  if ('rejected' in outcome) callback(outcome.rejected);
  else callback(null, outcome.accepted);
}

function refusalFor(fault: Fault | undefined): (Error & { responseCode: number }) | undefined {
  if (fault?.kind === 'smtp_4xx') return rejection(fault.status ?? 451, 'Try again later');
  if (fault?.kind === 'smtp_5xx') return rejection(fault.status ?? 550, 'Mailbox unavailable');
  return undefined;
}

function rejection(responseCode: number, message: string): Error & { responseCode: number } {
  return Object.assign(new Error(message), { responseCode });
}

function envelopeOf(session: SMTPServerSession): Envelope {
  const { mailFrom, rcptTo } = session.envelope;
  return { from: mailFrom ? mailFrom.address : '', to: rcptTo.map((recipient) => recipient.address) };
}

async function read(stream: SMTPServerDataStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function open(server: SMTPServer, port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(new Error(`smtp cannot listen on port ${port}`, { cause })));
    server.listen(port, host, () => {
      // A client that cuts its connection is no reason to end the process.
      server.on('error', () => undefined);
      resolve(`smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`);
    });
  });
}
