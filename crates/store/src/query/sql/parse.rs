//! What a statement may be, by a real parser: one that reads, from schema `otel` alone, without functions that reach out.
//!
//! This is one of three walls: the transaction is READ ONLY, and the statement goes by the extended protocol, which takes one.

use std::ops::ControlFlow;

use sqlparser::{
    ast::{Expr, ObjectName, Query, SetExpr, Statement, TableFactor, Visit, Visitor},
    dialect::PostgreSqlDialect,
    parser::Parser,
};

use crate::error::StoreError;

/// The schema of what can be read.
const SCHEMA: &str = "otel";

/// How deep a statement may be nested.
const DEPTH: usize = 50;

/// Functions that read files, open connections, run text as a statement, wait, or change something begin so.
const REFUSED_PREFIXES: [&str; 20] = [
    "pg_",
    "lo_",
    "dblink",
    "set_",
    "txid_",
    "query_to_",
    "table_to_",
    "schema_to_",
    "database_to_",
    "cursor_to_",
    "ts_stat",
    "ts_rewrite",
    "ts_debug",
    "currval",
    "lastval",
    "nextval",
    "setval",
    "inet_server",
    "ensure_",
    "has_",
];

/// Of those, what does no harm.
const ALLOWED: [&str; 4] = ["pg_typeof", "pg_size_pretty", "pg_column_size", "set_masklen"];

/// Others of their kind.
const REFUSED: [&str; 12] = [
    "loread",
    "lowrite",
    "current_setting",
    "xmlparse",
    "brin_summarize_new_values",
    "brin_summarize_range",
    "brin_desummarize_range",
    "gin_clean_pending_list",
    "binary_upgrade_set_next_oid",
    "copy",
    "system",
    "load_extension",
];

/// Refuses what is not one statement that reads.
pub(super) fn check(statement: &str) -> Result<(), StoreError> {
    let parsed = Parser::new(&PostgreSqlDialect {})
        .with_recursion_limit(DEPTH)
        .try_with_sql(statement)
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|error| refusal(&format!("the statement can not be read: {error}")))?;
    let [statement] = parsed.as_slice() else {
        return Err(refusal("give one statement, not several"));
    };
    let reads = match statement {
        Statement::Query(_) | Statement::ShowVariable { .. } => true,
        Statement::Explain { statement, .. } => matches!(statement.as_ref(), Statement::Query(_)),
        _ => false,
    };
    if !reads {
        return Err(refusal("only statements that read are run: SELECT, WITH, VALUES, EXPLAIN or SHOW"));
    }
    let mut own = OwnTables::default();
    let _all_seen = statement.visit(&mut own);
    match statement.visit(&mut Walls { own: own.0 }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(why) => Err(refusal(&why)),
    }
}

fn refusal(why: &str) -> StoreError {
    StoreError::InvalidSql(why.to_owned())
}

/// Names that the statement itself gives to tables.
#[derive(Default)]
struct OwnTables(Vec<String>);

impl Visitor for OwnTables {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let tables = query.with.iter().flat_map(|with| &with.cte_tables);
        self.0.extend(tables.map(|table| table.alias.name.value.to_lowercase()));
        ControlFlow::Continue(())
    }
}

/// Breaks at what is refused.
struct Walls {
    own: Vec<String>,
}

impl Visitor for Walls {
    type Break = String;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<String> {
        if !query.locks.is_empty() {
            return ControlFlow::Break(
                "rows can not be locked: leave FOR UPDATE and FOR SHARE out".to_owned(),
            );
        }
        set_expression(&query.body)
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<String> {
        let name = parts(relation);
        let allowed = match name.as_slice() {
            [table] => !table.starts_with("pg_") || self.own.contains(table),
            [schema, _] => schema == SCHEMA,
            _ => false,
        };
        if allowed {
            return ControlFlow::Continue(());
        }
        ControlFlow::Break(format!(
            "only tables and views of schema {SCHEMA} can be read, not {}",
            name.join(".")
        ))
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<String> {
        match expression {
            Expr::Function(function) => callable(&function.name),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<String> {
        match factor {
            TableFactor::Function { name, .. } | TableFactor::Table { name, args: Some(_), .. } => {
                callable(name)
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

/// A part of a query that changes something, or makes a table.
fn set_expression(expression: &SetExpr) -> ControlFlow<String> {
    match expression {
        SetExpr::Select(select) if select.into.is_none() => ControlFlow::Continue(()),
        SetExpr::Query(_) | SetExpr::Values(_) | SetExpr::Table(_) => ControlFlow::Continue(()),
        SetExpr::SetOperation { left, right, .. } => {
            set_expression(left)?;
            set_expression(right)
        }
        _ => ControlFlow::Break(
            "only parts that read are run: no INSERT, UPDATE, DELETE, MERGE or INTO".to_owned(),
        ),
    }
}

fn callable(name: &ObjectName) -> ControlFlow<String> {
    let name = parts(name);
    let (schema, function) = match name.as_slice() {
        [function] => (None, function),
        [schema, function] => (Some(schema.as_str()), function),
        _ => return ControlFlow::Break(format!("there is no function {}", name.join("."))),
    };
    let function = function.as_str();
    let reaches_out = REFUSED.contains(&function)
        || (REFUSED_PREFIXES.iter().any(|prefix| function.starts_with(prefix))
            && !ALLOWED.contains(&function))
        || function.contains("_xml");
    if reaches_out || schema.is_some_and(|schema| schema != SCHEMA && schema != "pg_catalog") {
        return ControlFlow::Break(format!("the function {} can not be called here", name.join(".")));
    }
    ControlFlow::Continue(())
}

/// As PostgreSQL reads a name: in small letters unless quoted.
fn parts(name: &ObjectName) -> Vec<String> {
    let text = |part: &sqlparser::ast::ObjectNamePart| {
        part.as_ident().map_or_else(
            || part.to_string().to_lowercase(),
            |ident| {
                if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
            },
        )
    };
    name.0.iter().map(text).collect()
}
