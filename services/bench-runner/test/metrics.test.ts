import { serialTests, SITES } from './support/world.ts';

const test = serialTests();

test.serial('shows jobs by kind and state, failures, waiting and running ones, to whoever asks within', async (t) => {
  const { runner } = t.context;
  const { client } = runner;
  await client.run('/ping_job');
  runner.setFault({ hangAt: 'new-site:database', times: 1 });
  await client.enqueue(SITES, runner.newSiteRequest('slow.example.test'));
  await runner.hangs();
  await client.enqueue(SITES, runner.newSiteRequest('next.example.test'));

  const answer = await fetch(`${runner.url}/metrics`);
  t.is(answer.status, 200);
  t.true(answer.headers.get('content-type')?.startsWith('text/plain; version=0.0.4'));
  const text = await answer.text();
  const value = (series: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.split(' ')
        .at(-1),
    );
  t.is(value('bench_runner_jobs{kind="Ping Job",state="Success"}'), 1);
  t.is(value('bench_runner_jobs{kind="New Site",state="Running"}'), 1);
  t.is(value('bench_runner_jobs_failed_hour{kind="New Site"}'), 0);
  t.true(value('bench_runner_queue_oldest_seconds{lane="heavy"}') > 0);
  t.is(value('bench_runner_queue_oldest_seconds{lane="short"}'), 0);
  t.true(value('bench_runner_running_job_seconds{kind="New Site",lane="heavy"}') > 0);
  const again = await (await fetch(`${runner.url}/metrics`)).text();
  const start = (body: string) => /^process_start_time_seconds (\S+)$/m.exec(body)?.[1];
  t.is(start(again), start(text));
});

test.serial('counts a failed job for an hour', async (t) => {
  const { runner } = t.context;
  await runner.client.run(SITES, runner.newSiteRequest('bad.example.test', { apps: ['frappe', 'no_such_app'] }));
  const text = await (await fetch(`${runner.url}/metrics`)).text();
  t.regex(text, /^bench_runner_jobs_failed_hour\{kind="New Site"\} 1$/m);
});
