/** `free-ports.ts N` prints N ports that nothing listens on and nobody else is given for two minutes, one a line. */
import { freePort } from '../../services/bench-runner/test/support/free-port.ts';

for (let wanted = Number(process.argv[2]); wanted > 0; wanted -= 1) process.stdout.write(`${await freePort()}\n`);
