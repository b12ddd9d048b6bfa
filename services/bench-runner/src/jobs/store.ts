import { randomUUID } from 'node:crypto';
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { naiveTime } from '../time.ts';
import type { Json } from '../redact.ts';

/** Heavy jobs run one at a time; short ones have a lane of their own so that they never wait for a heavy one. */
export type Lane = 'heavy' | 'short';
type JobStatus = 'Pending' | 'Running' | 'Success' | 'Failure';
type StepStatus = Exclude<JobStatus, 'Pending'>;

export interface JobRow {
  id: number;
  uid: string;
  agent_job_id: string | null;
  kind: string;
  lane: Lane;
  site: string | null;
  status: JobStatus;
  enqueued_at: string;
  started_at: string | null;
  ended_at: string | null;
  timeout_ms: number;
  attempts: number;
  data: string;
  sealed_request: Uint8Array | null;
}

export interface StepRow {
  id: number;
  job_id: number;
  name: string;
  status: StepStatus;
  started_at: string;
  ended_at: string | null;
  data: string;
}

export interface CommandRow {
  id: number;
  job_id: number;
  step_id: number | null;
  command: string;
  directory: string;
  status: StepStatus;
  started_at: string;
  ended_at: string | null;
  output: string;
  returncode: number | null;
}

export type NewJob = Pick<JobRow, 'agent_job_id' | 'kind' | 'lane' | 'site' | 'timeout_ms' | 'sealed_request'> & {
  data: Json;
};

const UNFINISHED = `status in ('Pending', 'Running')`;

/** The SQL of jobs, their steps and the commands they ran. */
export class JobStore {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Two posts of one agent job id make one job: the second gets the first's row. */
  insert(job: NewJob): JobRow {
    const inserted = this.#get<JobRow>(
      `insert into jobs (uid, agent_job_id, kind, lane, site, status, enqueued_at, timeout_ms, data, sealed_request)
       values (?, ?, ?, ?, ?, 'Pending', ?, ?, ?, ?) on conflict (agent_job_id) do nothing returning *`,
      [
        randomUUID(),
        job.agent_job_id,
        job.kind,
        job.lane,
        job.site,
        naiveTime(),
        job.timeout_ms,
        JSON.stringify(job.data),
        job.sealed_request,
      ],
    );
    const row = inserted ?? (job.agent_job_id === null ? undefined : this.byAgentJobId(job.agent_job_id));
    if (!row) throw new Error('The job was neither stored nor found');
    return row;
  }

  job(id: number): JobRow | undefined {
    return this.#get<JobRow>('select * from jobs where id = ?', [id]);
  }

  byAgentJobId(id: string): JobRow | undefined {
    return this.#get<JobRow>('select * from jobs where agent_job_id = ?', [id]);
  }

  latest(count: number, status?: string): JobRow[] {
    return status === undefined
      ? this.#all<JobRow>('select * from jobs order by id desc limit ?', [count])
      : this.#all<JobRow>('select * from jobs where status = ? order by id desc limit ?', [status, count]);
  }

  steps(jobId: number): StepRow[] {
    return this.#all<StepRow>('select * from steps where job_id = ? order by id', [jobId]);
  }

  commands(jobId: number): CommandRow[] {
    return this.#all<CommandRow>('select * from commands where job_id = ? order by id', [jobId]);
  }

  nextPending(lane: Lane): JobRow | undefined {
    return this.#get<JobRow>(`select * from jobs where status = 'Pending' and lane = ? order by id limit 1`, [lane]);
  }

  running(): JobRow[] {
    return this.#all<JobRow>(`select * from jobs where status = 'Running' order by id`, []);
  }

  counts(): { kind: string; status: JobStatus; count: number }[] {
    return this.#all(
      'select kind, status, count(*) as count from jobs group by kind, status order by kind, status',
      [],
    );
  }

  failedSince(at: Date): { kind: string; count: number }[] {
    return this.#all(
      `select kind, count(*) as count from jobs where status = 'Failure' and ended_at >= ? group by kind`,
      [naiveTime(at)],
    );
  }

  start(id: number): void {
    this.#run(`update jobs set status = 'Running', attempts = attempts + 1, started_at = ? where id = ?`, [
      naiveTime(),
      id,
    ]);
  }

  /** Back to the queue as if it had never begun. */
  requeue(id: number): void {
    this.#run('delete from steps where job_id = ?', [id]);
    this.#run('delete from commands where job_id = ?', [id]);
    this.#run(`update jobs set status = 'Pending', started_at = null where id = ?`, [id]);
  }

  /** Ends a job once; its request, and with it every password, is gone from then on. */
  finish(id: number, status: 'Success' | 'Failure', data: Json): void {
    this.#run(
      `update jobs set status = ?, ended_at = ?, data = ?, sealed_request = null where id = ? and ${UNFINISHED}`,
      [status, naiveTime(), JSON.stringify(data), id],
    );
  }

  startStep(jobId: number, name: string): number {
    return this.#insert(`insert into steps (job_id, name, status, started_at) values (?, ?, 'Running', ?)`, [
      jobId,
      name,
      naiveTime(),
    ]);
  }

  finishStep(id: number, status: 'Success' | 'Failure', data: Json): void {
    this.#run('update steps set status = ?, ended_at = ?, data = ? where id = ?', [
      status,
      naiveTime(),
      JSON.stringify(data),
      id,
    ]);
  }

  /** What a killed runner left open. */
  failOpenSteps(jobId: number, data: Json): void {
    this.#run(`update commands set status = 'Failure', ended_at = ? where job_id = ? and status = 'Running'`, [
      naiveTime(),
      jobId,
    ]);
    for (const step of this.steps(jobId)) if (step.status === 'Running') this.finishStep(step.id, 'Failure', data);
  }

  startCommand(command: Pick<CommandRow, 'job_id' | 'step_id' | 'command' | 'directory'>): CommandRow {
    const id = this.#insert(
      `insert into commands (job_id, step_id, command, directory, status, started_at) values (?, ?, ?, ?, 'Running', ?)`,
      [command.job_id, command.step_id, command.command, command.directory, naiveTime()],
    );
    return this.#command(id);
  }

  updateOutput(id: number, output: string): void {
    this.#run('update commands set output = ? where id = ?', [output, id]);
  }

  finishCommand(id: number, outcome: { returncode: number; output: string }): CommandRow {
    this.#run('update commands set status = ?, ended_at = ?, output = ?, returncode = ? where id = ?', [
      outcome.returncode === 0 ? 'Success' : 'Failure',
      naiveTime(),
      outcome.output,
      outcome.returncode,
      id,
    ]);
    return this.#command(id);
  }

  forgetEndedBefore(time: string): void {
    this.#run('delete from jobs where ended_at < ?', [time]);
  }

  #command(id: number): CommandRow {
    const row = this.#get<CommandRow>('select * from commands where id = ?', [id]);
    if (!row) throw new Error(`There is no command ${id}`);
    return row;
  }

  #insert(sql: string, values: SQLInputValue[]): number {
    return Number(this.#db.prepare(sql).run(...values).lastInsertRowid);
  }

  #run(sql: string, values: SQLInputValue[]): void {
    this.#db.prepare(sql).run(...values);
  }

  #get<Row>(sql: string, values: SQLInputValue[]): Row | undefined {
    return this.#db.prepare(sql).get(...values) as Row | undefined;
  }

  #all<Row>(sql: string, values: SQLInputValue[]): Row[] {
    return this.#db.prepare(sql).all(...values) as Row[];
  }
}
