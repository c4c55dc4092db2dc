-- What only questions need, so that a replay can build it last, sorted.

CREATE INDEX IF NOT EXISTS events_by_time  ON events (created_at, id, kind);
CREATE INDEX IF NOT EXISTS events_by_repo  ON events (repo, created_at, kind)  WHERE repo  IS NOT NULL;
CREATE INDEX IF NOT EXISTS events_by_actor ON events (actor, created_at, kind) WHERE actor IS NOT NULL;
CREATE INDEX IF NOT EXISTS events_by_org   ON events (org, created_at, kind)   WHERE org   IS NOT NULL;
-- The events of each pull request and issue: comments on issues, issues, pull requests, their reviews
-- and comments on these, by the numbers of their kinds.
CREATE INDEX IF NOT EXISTS events_by_thread ON events
  (repo, number, created_at, kind, action, flags, actor, org)
  WHERE kind IN (6, 7, 10, 11, 12) AND repo IS NOT NULL AND number IS NOT NULL;
CREATE INDEX IF NOT EXISTS envelopes_by_time ON envelopes (observed_at);
-- Page 1 begins a poll.
CREATE INDEX IF NOT EXISTS polls_by_time   ON envelopes (observed_at, polls) WHERE page = 1;
CREATE INDEX IF NOT EXISTS polls_by_source ON envelopes (source, observed_at, polls) WHERE page = 1;
-- What ends a complete poll.
CREATE INDEX IF NOT EXISTS complete_polls_by_source ON envelopes (source, observed_at, next_poll_at)
  WHERE next_poll_at IS NOT NULL AND error IS NULL;
CREATE INDEX IF NOT EXISTS gaps_by_time    ON gaps (to_at, from_at);
CREATE INDEX IF NOT EXISTS gaps_by_source  ON gaps (source, to_at, from_at);
CREATE INDEX IF NOT EXISTS sources_by_name ON sources (source COLLATE NOCASE);
-- Without the time of the last event, or every event would have its place in three of these changed.
CREATE INDEX IF NOT EXISTS repo_names_by_name  ON repo_names (lowered, key);
CREATE INDEX IF NOT EXISTS actor_names_by_name ON actor_names (lowered, key);
CREATE INDEX IF NOT EXISTS org_names_by_name   ON org_names (lowered, key);
CREATE INDEX IF NOT EXISTS pull_requests_by_opening ON pull_requests (repo, opened_at) WHERE opened_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS pull_requests_by_first   ON pull_requests (repo, first_at)  WHERE first_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS repos_by_events ON repos (events, key);
CREATE INDEX IF NOT EXISTS repos_by_last   ON repos (last_at, key);
CREATE INDEX IF NOT EXISTS orgs_by_events  ON orgs (events, key);
CREATE INDEX IF NOT EXISTS orgs_by_last    ON orgs (last_at, key);
CREATE INDEX IF NOT EXISTS threads_by_org ON threads (org) WHERE org IS NOT NULL;
