//! `search`, `similar`, `errors`, `patterns`, `services`.

use anyhow::Result;

use super::answer;
use crate::{
    api::{
        ChangeQuery, ErrorQuery, ListQuery, OperationQuery, PatternQuery, PatternSearchQuery, SearchQuery,
        WindowQuery,
    },
    cli, render,
};

pub async fn search(arguments: cli::Search) -> Result<()> {
    let limit = arguments.window.limit as usize;
    if arguments.patterns {
        let query =
            PatternSearchQuery { q: arguments.text, kind: arguments.kind, service: arguments.service, limit };
        return answer(
            &arguments.ask,
            async |source| source.search_patterns(&query).await,
            |hits| render::hits(hits),
        )
        .await;
    }
    let query = SearchQuery {
        q: arguments.text,
        service: arguments.service,
        operation: arguments.operation,
        status: arguments.status,
        min_duration_ms: arguments.min_duration,
        max_duration_ms: arguments.max_duration,
        attributes: super::pairs(&arguments.attributes),
        threshold: arguments.threshold,
        since: arguments.window.since,
        until: arguments.window.until,
        limit,
    };
    answer(&arguments.ask, async |source| source.search(&query).await, |found| render::search(found)).await
}

pub async fn similar(arguments: &cli::Similar) -> Result<()> {
    let query = ListQuery { limit: arguments.limit as usize };
    let asking = async |source: &crate::source::Source| source.similar(&arguments.id, &query).await;
    answer(&arguments.ask, asking, |similar| render::similar(similar)).await
}

pub async fn errors(arguments: cli::Errors) -> Result<()> {
    if let Some(id) = &arguments.id {
        let window = WindowQuery { since: arguments.window.since, until: arguments.window.until };
        return answer(&arguments.ask, async |source| source.error(id, &window).await, render::error).await;
    }
    let query = ErrorQuery {
        service: arguments.service,
        since: arguments.window.since,
        until: arguments.window.until,
        limit: arguments.window.limit as usize,
    };
    answer(&arguments.ask, async |source| source.errors(&query).await, |groups| render::errors(groups)).await
}

pub async fn patterns(arguments: cli::Patterns) -> Result<()> {
    if let Some(id) = &arguments.id {
        let window = WindowQuery { since: arguments.window.since, until: arguments.window.until };
        return answer(&arguments.ask, async |source| source.pattern(id, &window).await, render::pattern)
            .await;
    }
    let limit = arguments.window.limit as usize;
    if let Some(since) = arguments.new_since {
        let query = ChangeQuery {
            kind: arguments.kind,
            service: arguments.service,
            since: Some(since),
            until: arguments.window.until,
            baseline: arguments.baseline,
            limit,
        };
        return answer(
            &arguments.ask,
            async |source| source.changes(&query).await,
            |changes| render::changes(changes),
        )
        .await;
    }
    let query = PatternQuery {
        kind: arguments.kind,
        service: arguments.service,
        since: arguments.window.since,
        until: arguments.window.until,
        limit,
    };
    answer(&arguments.ask, async |source| source.patterns(&query).await, |all| render::patterns(all)).await
}

pub async fn services(arguments: cli::Services) -> Result<()> {
    let (since, until) = (arguments.window.since, arguments.window.until);
    let window = WindowQuery { since, until };
    let ask = &arguments.ask;
    if arguments.map {
        return answer(ask, async |source| source.service_map(&window).await, render::service_map).await;
    }
    let Some(name) = arguments.name else {
        return answer(ask, async |source| source.services(&window).await, |all| render::services(all)).await;
    };
    let query = OperationQuery { since, until, limit: arguments.window.limit as usize };
    answer(ask, async |source| source.operations(&name, &query).await, |all| render::operations(all)).await
}
