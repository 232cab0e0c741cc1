-- Runs work, jobs ask: several jobs for the same video and options share one run.

create table runs (
    id              uuid primary key,
    video_id        text not null,
    options         jsonb not null,
    options_digest  text not null,
    trace           text not null,
    priority        integer not null default 0,
    status          text not null default 'queued',
    stage           text not null default 'url_validation',
    progress        integer not null default 10,
    retry_count     integer not null default 0,
    message         text,
    error_code      text,
    error_message   text,
    operator_action text,
    next_retry_at   timestamptz,
    created_at      timestamptz not null default now(),
    dispatched_at   timestamptz,
    -- Where the broker put the run's first message: a log that is shorter than this was lost.
    dispatched_partition integer,
    dispatched_offset    bigint,
    updated_at      timestamptz not null default now(),
    finished_at     timestamptz
);
create unique index runs_one_live on runs (video_id, options_digest)
    where status in ('queued', 'running', 'retrying');
create index runs_queue on runs (priority desc, created_at) where status = 'queued';
create index runs_live on runs (updated_at) where status in ('running', 'retrying');

create table jobs (
    id           uuid primary key,
    user_id      text not null,
    youtube_url  text not null,
    video_id     text not null,
    run_id       uuid not null references runs (id),
    options      jsonb not null,
    priority     integer not null default 0,
    cached       boolean not null default false,
    created_at   timestamptz not null default now(),
    cancelled_at timestamptz
);
create index jobs_by_user on jobs (user_id, created_at desc);
create index jobs_by_run on jobs (run_id);

-- What stages reported, each fact once.
create table run_events (
    event_id    uuid primary key,
    run_id      uuid not null references runs (id) on delete cascade,
    stage       text not null,
    state       text not null,
    progress    integer not null,
    attempt     integer not null default 0,
    message     text,
    code        text,
    worker      text,
    occurred_at timestamptz not null,
    received_at timestamptz not null default now()
);
create index run_events_by_run on run_events (run_id, occurred_at);

-- How long each stage of a run took, from its first start to its end; what waited and retried counts.
create view stage_timings as
    select
        run_id,
        stage,
        min(occurred_at) filter (where state = 'started') as started_at,
        max(occurred_at) filter (where state = 'finished') as finished_at,
        extract(epoch from max(occurred_at) filter (where state = 'finished')
            - min(occurred_at) filter (where state = 'started'))::double precision as seconds
    from run_events
    group by run_id, stage;

create table videos (
    video_id          text not null,
    options_digest    text not null,
    run_id            uuid not null,
    options           jsonb not null,
    metadata          jsonb not null,
    language          text not null,
    transcript_source text not null,
    mindmap           jsonb not null,
    exports           jsonb not null,
    created_at        timestamptz not null default now(),
    primary key (video_id, options_digest)
);
create index videos_latest on videos (video_id, created_at desc);

create table segments (
    video_id       text not null,
    options_digest text not null,
    position       integer not null,
    start_s        double precision not null,
    end_s          double precision not null,
    text           text not null,
    words          tsvector generated always as (to_tsvector('simple', text)) stored,
    primary key (video_id, options_digest, position),
    foreign key (video_id, options_digest) references videos on delete cascade
);
create index segments_words on segments using gin (words);

-- What a stage made, under a key of all that shaped it: whoever needs it again finds it.
create table artefacts (
    key        text primary key,
    kind       text not null,
    owner      text,
    video_id   text not null,
    body       bytea not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz
);
create index artefacts_by_owner on artefacts (owner, kind, key) where owner is not null;
create index artefacts_expired on artefacts (expires_at) where expires_at is not null;
