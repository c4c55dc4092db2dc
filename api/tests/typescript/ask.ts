// Asks a running service through the types that openapi-typescript makes of docs/openapi.json. It
// compiles only while the document says what a client needs, and ends with 0 only while the service
// answers as the document says.
import type { components, paths } from "./schema.js";

declare const process: { env: Record<string, string | undefined> };

const base = process.env.DEMO ?? "http://localhost:5000";

type Event = components["schemas"]["Event"];
type Problem = components["schemas"]["Problem"];
type Get<P extends keyof paths> = paths[P]["get"];
type Answer<P extends keyof paths> =
  Get<P> extends { responses: { 200: { content: { "application/json": infer A } } } } ? A : never;
type Names<P extends keyof paths> =
  Get<P> extends { parameters: { path: infer N } } ? N : Record<string, never>;
type Query<P extends keyof paths> =
  Get<P> extends { parameters: { query?: infer Q } } ? NonNullable<Q> : Record<string, never>;

async function ask<P extends keyof paths>(path: P, names: Names<P>, query: Query<P>): Promise<Answer<P>> {
  const filled = path.replace(/{(\w+)}/g, (_, name) => encodeURIComponent(String(names[name as keyof Names<P>])));
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one) => [name, String(one)] as [string, string]),
  );
  const response = await fetch(`${base}${filled}?${new URLSearchParams(pairs)}`);
  if (!response.ok) {
    const problem = (await response.json()) as Problem;
    throw new Error(problem.code);
  }
  return (await response.json()) as Answer<P>;
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not so: ${what}`);
}

const { counts, sample_size: events } = await ask("/v1/event-counts", {}, { offset: 60 });
const pushes: number = counts.PushEvent;
expect(events > 0 && pushes <= events, "pushes are events");

const seen: Event[] = [];
let token: string | null = null;
do {
  const query: Query<"/v1/events"> = { type: ["PushEvent", "PullRequestEvent"], limit: 10 };
  const page: Answer<"/v1/events"> = await ask("/v1/events", {}, token ? { ...query, page_token: token } : query);
  seen.push(...page.events);
  token = page.next_page_token;
} while (token && seen.length < 30);
expect(new Set(seen.map((event) => event.type + event.id)).size === seen.length, "each event comes once");

const [owner, repo] = (seen[0]?.repo?.name ?? "").split("/");
if (!owner || !repo) throw new Error("not so: an event names its repository");
const interval = await ask("/v1/repos/{owner}/{repo}/pull-request-interval", { owner, repo }, {});
const mean: number | null = interval.mean_seconds;
expect((mean === null) === interval.sample_size < 2, "two pull requests have a time between them");

const nobody = ask("/v1/repos/{owner}/{repo}", { owner: "no", repo: "body" }, {});
const code = await nobody.then(() => "none", (error: Error) => error.message);
expect(code === "unknown_repository", "what is wrong is told by its code");

console.log(`${events} events, ${pushes} of them pushes; ${owner}/${repo}: ${mean} seconds between pull requests`);
