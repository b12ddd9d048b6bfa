import { type Socket, connect } from 'node:net';

export interface Answer {
  status: number;
  /** From sending the request. */
  firstByteMs: number;
  totalMs: number;
  /** The last bytes of the body, to see that it is whole. */
  end: string;
}

const BUFFER_BYTES = 64 * 1024;
const END_LENGTH = 64;
const HEADERS_END = '\r\n\r\n';
const CHUNKED_END = '\r\n0\r\n\r\n';

/**
 * One connection of a client: a request at a time, by hand over the socket, so that the load costs a small part of what
 * it measures. Reads exactly what HTTP/1.1 needs: a length or chunks.
 */
export class Connection {
  readonly #port: number;
  readonly #onClosed: () => void;
  #socket: Socket | undefined;
  #waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined;
  #sentAt = 0;
  #firstByteMs = 0;
  #head = '';
  #status = 0;
  /** Bytes still to come; -1 = it ends with the last chunk. */
  #remaining = 0;
  #end = '';
  #isInBody = false;

  constructor(port: number, onClosed: () => void = () => undefined) {
    this.#port = port;
    this.#onClosed = onClosed;
  }

  send(request: Buffer): Promise<Answer> {
    const socket = this.#open();
    this.#isInBody = false;
    this.#head = '';
    this.#end = '';
    this.#firstByteMs = 0;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#sentAt = performance.now();
      socket.write(request);
    });
  }

  /** Also in the middle of an answer: that is how a client leaves. */
  close(): void {
    this.#waiting = undefined;
    this.#socket?.destroy();
  }

  /** True once something of the answer's body has arrived. */
  get hasBegun(): boolean {
    return this.#firstByteMs > 0;
  }

  #open(): Socket {
    if (this.#socket && !this.#socket.destroyed) return this.#socket;
    const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
    const onread = {
      buffer,
      callback: (length: number) => {
        this.#read(buffer, length);
        return true;
      },
    };
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true, onread });
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => {
      this.#fail(new Error('The connection was closed before the answer was whole.'));
      this.#onClosed();
    });
    this.#socket = socket;
    return socket;
  }

  #read(buffer: Buffer, length: number): void {
    let from = 0;
    if (!this.#isInBody) {
      const before = this.#head.length;
      this.#head += buffer.toString('latin1', 0, length);
      const headEnd = this.#head.indexOf(HEADERS_END);
      if (headEnd === -1) return;
      from = headEnd + HEADERS_END.length - before;
      this.#readHead(this.#head.slice(0, headEnd));
    }
    const received = length - from;
    if (received > 0 && this.#firstByteMs === 0) this.#firstByteMs = performance.now() - this.#sentAt;
    const tail = buffer.toString('latin1', Math.max(from, length - END_LENGTH), length);
    this.#end = tail.length >= END_LENGTH ? tail : (this.#end + tail).slice(-END_LENGTH);
    if (this.#remaining >= 0) this.#remaining -= received;
    if (this.#remaining === 0 || (this.#remaining < 0 && this.#end.endsWith(CHUNKED_END))) this.#finish();
  }

  #readHead(head: string): void {
    this.#isInBody = true;
    this.#status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    this.#remaining = length === undefined ? -1 : Number(length);
  }

  #finish(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({
      status: this.#status,
      firstByteMs: this.#firstByteMs,
      totalMs: performance.now() - this.#sentAt,
      end: this.#end,
    });
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}
