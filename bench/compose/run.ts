// `npm run bench -- compose [-o json]`: how a chain of filters may be composed, CPU per call, interleaved (docs/adr/0001).

type Next = (call: Call) => Promise<number> | number;
interface Call {
  value: number;
}
const FILTERS = 12;
const CALLS = 200_000;
const ROUNDS = 21;

const terminal = async (call: Call): Promise<number> => call.value;

/** Each filter a closure over the next; those with nothing to do afterwards return its promise. */
function onion(asyncEvery: number): Next {
  let next: Next = terminal;
  for (let index = 0; index < FILTERS; index++) {
    const inner = next;
    next =
      index % asyncEvery === 0
        ? async (call) => {
            const settled = await inner(call);
            return settled + 1;
          }
        : (call) => {
            call.value += 1;
            return inner(call);
          };
  }
  return next;
}

/** One async function with all steps in line: what a code generator would write. */
async function compiled(call: Call): Promise<number> {
  for (let index = 0; index < 8; index++) call.value += 1;
  return (await terminal(call)) + 4;
}

/** An interpreter: before-hooks, terminal, after-hooks in reverse. */
const before: readonly ((call: Call) => void)[] = Array.from({ length: 8 }, () => (call: Call) => {
  call.value += 1;
});
const after: readonly ((settled: number) => number)[] = Array.from(
  { length: 4 },
  () => (settled: number) => settled + 1,
);
async function looped(call: Call): Promise<number> {
  for (const step of before) step(call);
  let settled = await terminal(call);
  for (const step of after) settled = step(settled);
  return settled;
}

/** Median microseconds per call of each way. */
async function measure(): Promise<Readonly<Record<string, number>>> {
  const ways: Readonly<Record<string, Next>> = {
    "onion, a third async": onion(3),
    "onion, all async": onion(1),
    compiled,
    loop: looped,
  };
  const samples = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, way] of Object.entries(ways)) {
      const began = process.cpuUsage();
      let sum = 0;
      for (let index = 0; index < CALLS; index++) sum += await way({ value: index });
      const spent = process.cpuUsage(began);
      if (Number.isNaN(sum)) throw new Error("a way of composing lost its value");
      if (round > 0) samples.get(name)?.push((spent.user + spent.system) / CALLS);
    }
  }
  const medians = [...samples].map(([name, values]): [string, number] => [name, median(values)]);
  return Object.fromEntries(
    medians.map(([name, us]) => [`${name} (us)`, Math.round(us * 1000) / 1000]),
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const report = await measure();
if (process.argv.includes("json")) console.log(JSON.stringify(report));
else for (const [name, us] of Object.entries(report)) console.log(`${name.padEnd(28)}${us}`);
