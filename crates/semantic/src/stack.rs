//! Where in a program an error happened: the frames of a stack trace that belong to the application.
//!
//! Reads what Python, Java, JavaScript, Go, Rust, Ruby, .NET and PHP print. Which frames are the application's is told by
//! where each language puts what was installed. Numbers of lines are left out: they change with every release.

/// Frames that say where an error happened: the innermost ones, or all errors of one request handler would be one.
const FRAMES: usize = 5;

/// A longer stack trace is read so far; an error that recurs without end makes it longer.
const LONGEST: usize = 64 * 1024;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Frame<'a> {
    function: &'a str,
    file: &'a str,
    language: Language,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Python,
    Java,
    JavaScript,
    Go,
    Rust,
    Ruby,
    DotNet,
    Php,
}

use Language::{DotNet, Go, Java, JavaScript, Php, Python, Ruby, Rust};

/// Installed packages and the language's own library, in a file's path.
const FOREIGN_FILES: [(Language, &[&str]); 7] = [
    (Python, &["site-packages/", "dist-packages/", "/lib/python", "\\lib\\python", "<frozen "]),
    (JavaScript, &["node_modules/", "node_modules\\", "node:", "internal/", "<anonymous>", "native"]),
    (Go, &["/go/src/", "/pkg/mod/", "/usr/local/go/", "/vendor/"]),
    (Rust, &["/rustc/", ".cargo/registry", ".cargo/git", "/lib/rustlib/"]),
    (Ruby, &["/gems/", "/lib/ruby/", "<internal:"]),
    (DotNet, &[]),
    (Php, &["/vendor/", "[internal function]"]),
];

/// The same, in a function's name.
const FOREIGN_FUNCTIONS: [(Language, &[&str]); 4] = [
    (
        Java,
        &[
            "java.",
            "javax.",
            "jakarta.",
            "jdk.",
            "sun.",
            "com.sun.",
            "kotlin.",
            "kotlinx.",
            "scala.",
            "akka.",
            "org.springframework.",
            "org.apache.",
            "org.hibernate.",
            "org.eclipse.",
            "org.postgresql.",
            "org.jboss.",
            "io.netty.",
            "io.grpc.",
            "io.opentelemetry.",
            "reactor.",
            "feign.",
            "rx.",
            "okhttp3.",
            "com.fasterxml.",
            "com.google.common.",
            "com.zaxxer.",
            "com.mysql.",
            "com.mongodb.",
            "org.junit.",
        ],
    ),
    (DotNet, &["System.", "Microsoft.", "Npgsql.", "Newtonsoft.", "Grpc.", "lambda_method"]),
    (Go, &["runtime.", "net/http.", "panic", "created by ", "google.golang.org/", "testing."]),
    (
        Rust,
        &[
            "std::",
            "core::",
            "alloc::",
            "tokio::",
            "hyper::",
            "tower::",
            "axum::",
            "rust_begin_unwind",
            "_start",
            "main",
            "__libc",
            "__rust",
            "<alloc::",
            "<core::",
            "<std::",
            "backtrace::",
            "futures_",
            "start_thread",
            "clone",
        ],
    ),
];

/// The functions of the application in which an error happened, the innermost first, at most five.
///
/// Without any, there is nothing: neither the frames of libraries nor a text that is no stack trace.
///
/// ```
/// use mahavishnu_semantic::stack::frames;
///
/// let trace = "Traceback (most recent call last):\n  File \"/app/api.py\", line 12, in pay\n    charge()\n\
///              \x20 File \"/app/card.py\", line 7, in charge\n    raise Declined()\nDeclined";
/// assert_eq!(frames(trace), ["charge (card.py)", "pay (api.py)"]);
/// ```
#[must_use]
pub fn frames(trace: &str) -> Vec<String> {
    let mut end = trace.len().min(LONGEST);
    while !trace.is_char_boundary(end) {
        end -= 1;
    }
    let lines: Vec<&str> = trace[..end].lines().collect();
    let mut frames: Vec<Frame<'_>> = (0..lines.len())
        .filter_map(|at| frame(lines[at], lines.get(at + 1).copied().unwrap_or_default()))
        .collect();
    if frames.first().is_some_and(|frame| frame.language == Python) {
        // Python prints the innermost call last.
        frames.reverse();
    }
    let mut named: Vec<String> =
        frames.into_iter().filter(Frame::is_ours).map(|frame| frame.name()).collect();
    named.dedup();
    named.truncate(FRAMES);
    named
}

/// The frame of a line, some of which stand on two.
fn frame<'a>(line: &'a str, next: &'a str) -> Option<Frame<'a>> {
    let text = line.trim();
    python(text)
        .or_else(|| php(text))
        .or_else(|| after_at(text))
        .or_else(|| ruby(text))
        .or_else(|| go(line, next))
        .or_else(|| rust(text, next))
        .or_else(|| firefox(text))
}

/// `File "/app/api.py", line 12, in pay`
fn python(text: &str) -> Option<Frame<'_>> {
    let (file, rest) = text.strip_prefix("File \"")?.split_once('"')?;
    let function = rest.split_once(", in ").map_or("<module>", |(_, function)| function);
    Some(Frame { function, file, language: Python })
}

/// `#0 /app/api.php(12): Card->charge("4711")`
fn php(text: &str) -> Option<Frame<'_>> {
    let (number, rest) = text.strip_prefix('#')?.split_once(' ')?;
    number.parse::<u32>().ok()?;
    let (place, call) = rest.split_once(": ")?;
    let file = place.split_once('(').map_or(place, |(file, _)| file);
    Some(Frame { function: call.split('(').next()?, file, language: Php })
}

/// Lines that begin with `at`: Java, .NET and JavaScript in V8.
fn after_at(text: &str) -> Option<Frame<'_>> {
    let call = text.strip_prefix("at ")?;
    java(call).or_else(|| dot_net(call)).or_else(|| v8(call))
}

/// `org.example.Card.charge(Card.java:12)`
fn java(call: &str) -> Option<Frame<'_>> {
    let (function, place) = call.strip_suffix(')')?.rsplit_once('(')?;
    let file = place.split(':').next()?;
    let known = [".java", ".kt", ".scala", ".groovy", ".clj"].iter().any(|suffix| file.ends_with(suffix));
    if !known && file != "Native Method" && file != "Unknown Source" {
        return None;
    }
    // Since Java 9, `module@version/` and `loader//` may stand before the class.
    Some(Frame { function: without_lambda(function).rsplit('/').next()?, file, language: Java })
}

/// The address of a lambda is another in every process.
fn without_lambda(function: &str) -> &str {
    function.split_once("/0x").map_or(function, |(function, _)| function)
}

/// `Example.Card.Charge(String id) in /src/Card.cs:line 12`, whose place is missing in releases.
fn dot_net(call: &str) -> Option<Frame<'_>> {
    let (call, place) = call.split_once(" in ").unwrap_or((call, ""));
    let (function, _) = call.strip_suffix(')')?.split_once('(')?;
    let file = place.rsplit_once(":line ").map_or(place, |(file, _)| file);
    let last = call.rsplit_once('(')?.1;
    let a_position = last.contains(':') || last.contains('/');
    (!a_position && function.contains('.') && !function.ends_with(' ')).then_some(Frame {
        function,
        file,
        language: DotNet,
    })
}

/// `async Card.charge (/app/card.js:12:7)`, or the place alone.
fn v8(call: &str) -> Option<Frame<'_>> {
    let (function, place) = match call.strip_suffix(')').and_then(|call| call.rsplit_once(" (")) {
        Some((function, place)) => (function, place),
        None => ("", call),
    };
    let function = function.strip_prefix("async ").unwrap_or(function);
    if without_position(place).is_some_and(|file| file.ends_with(".rs")) {
        // The second line of a frame of Rust.
        return None;
    }
    let file = without_position(place).or((place == "<anonymous>" || place == "native").then_some(place))?;
    Some(Frame { function: function.split(" [as ").next()?, file, language: JavaScript })
}

/// `charge@https://example.org/card.js:12:7`
fn firefox(text: &str) -> Option<Frame<'_>> {
    let (function, place) = text.split_once('@')?;
    let file = without_position(place)?;
    (!function.contains(' ')).then_some(Frame { function, file, language: JavaScript })
}

/// `/app/card.rb:12:in 'Card#charge'`, with `from` before all but the first.
fn ruby(text: &str) -> Option<Frame<'_>> {
    let (place, function) = text.strip_prefix("from ").unwrap_or(text).split_once(":in ")?;
    let (file, line) = place.rsplit_once(':')?;
    line.parse::<u32>().ok()?;
    let function = function.trim_start_matches(['\'', '`']).split('\'').next()?;
    Some(Frame { function: function.strip_prefix("block in ").unwrap_or(function), file, language: Ruby })
}

/// `main.charge(0xc000)` and below it, after a tab, `/app/card.go:12 +0x1d`
fn go<'a>(line: &'a str, next: &'a str) -> Option<Frame<'a>> {
    let (file, _) = next.strip_prefix('\t')?.split_once(".go:")?;
    let function = line.rsplit_once('(').map_or(line, |(function, _)| function);
    (!line.starts_with('\t')).then_some(Frame { function, file, language: Go })
}

/// `3: card::charge` and below it `at ./src/card.rs:12:7`, which is missing in releases.
fn rust<'a>(text: &'a str, next: &'a str) -> Option<Frame<'a>> {
    let (number, function) = text.split_once(": ")?;
    number.parse::<u32>().ok()?;
    let file = next.trim().strip_prefix("at ").unwrap_or_default();
    let function = function.split_once(" - ").map_or(function, |(_, function)| function);
    // The compiler's digest of the function stands last.
    let function =
        function.rsplit_once("::h").filter(|(_, digest)| digest.len() == 16).map_or(function, |it| it.0);
    Some(Frame { function, file: without_position(file).unwrap_or(file), language: Rust })
}

/// A file without `:line:column`.
fn without_position(place: &str) -> Option<&str> {
    let (rest, column) = place.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    column.parse::<u32>().ok()?;
    line.parse::<u32>().ok()?;
    Some(file)
}

impl Frame<'_> {
    /// Whether it is the application's.
    fn is_ours(&self) -> bool {
        let of = |list: &[(Language, &'static [&'static str])]| {
            list.iter().find(|(language, _)| *language == self.language).map_or(&[][..], |(_, marks)| marks)
        };
        let foreign_file = of(&FOREIGN_FILES).iter().any(|mark| self.file.contains(mark));
        let foreign_function = of(&FOREIGN_FUNCTIONS).iter().any(|mark| self.function.starts_with(mark));
        !foreign_file && !foreign_function && self.function != "{main}"
    }

    /// For people and for comparing: without what changes from build to build.
    fn name(&self) -> String {
        let function = without_numbers(self.function.trim());
        let file = self.file.rsplit(['/', '\\']).next().unwrap_or_default();
        match (function.is_empty(), self.language) {
            (true, _) => file.to_owned(),
            // Their functions are named in full.
            (_, Java | DotNet | Go | Rust) => function,
            _ => format!("{function} ({file})"),
        }
    }
}

/// Without the numbers that compilers give to what has no name: `Card$$Lambda$14/0x7f`, `Card.<Charge>d__3`.
fn without_numbers(function: &str) -> String {
    let mut kept = String::with_capacity(function.len());
    for character in function.chars() {
        let generated = kept.ends_with(['$', '_']) || kept.ends_with(".func");
        if !(generated && character.is_ascii_digit()) {
            kept.push(character);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::frames;

    #[test]
    fn python() {
        let trace = r#"Traceback (most recent call last):
  File "/usr/lib/python3.11/site-packages/flask/app.py", line 1484, in full_dispatch_request
    rv = self.dispatch_request()
  File "/app/orders/views.py", line 31, in place_order
    charge(order)
  File "/app/orders/payment.py", line 88, in charge
    raise CardDeclined(card)
orders.payment.CardDeclined: card 4711 declined"#;
        assert_eq!(frames(trace), ["charge (payment.py)", "place_order (views.py)"]);
    }

    #[test]
    fn java() {
        let trace = "java.lang.IllegalStateException: no stock\n\
            \tat java.base/java.util.Optional.orElseThrow(Optional.java:403)\n\
            \tat com.example.shop.Stock.reserve(Stock.java:57)\n\
            \tat com.example.shop.Stock$$Lambda$214/0x0000000800d1.apply(Unknown Source)\n\
            \tat app//com.example.shop.Orders.place(Orders.kt:12)\n\
            \tat org.springframework.web.servlet.DispatcherServlet.doDispatch(DispatcherServlet.java:1072)\n\
            \t... 42 more";
        assert_eq!(
            frames(trace),
            [
                "com.example.shop.Stock.reserve",
                "com.example.shop.Stock$$Lambda$",
                "com.example.shop.Orders.place"
            ]
        );
    }

    #[test]
    fn javascript() {
        let trace = "TypeError: Cannot read properties of undefined (reading 'id')\n\
            \x20   at charge (/app/src/card.js:12:34)\n\
            \x20   at async Orders.place [as post] (file:///app/src/orders.mjs:7:5)\n\
            \x20   at /app/src/server.js:3:1\n\
            \x20   at Layer.handle (/app/node_modules/express/lib/router/layer.js:95:5)\n\
            \x20   at process.processTicksAndRejections (node:internal/process/task_queues:95:5)";
        assert_eq!(frames(trace), ["charge (card.js)", "Orders.place (orders.mjs)", "server.js"]);
        assert_eq!(
            frames("charge@https://example.org/card.js:1:2\n@https://example.org/a.js:3:4"),
            ["charge (card.js)", "a.js"]
        );
    }

    #[test]
    fn go() {
        let trace = "goroutine 1 [running]:\nruntime/debug.Stack()\n\t/usr/local/go/src/runtime/debug/stack.go:24 +0x5e\n\
            main.(*Card).charge(0xc00001)\n\t/app/card.go:12 +0x1d\n\
            github.com/example/shop/orders.Place.func1(...)\n\t/app/orders/place.go:40\n\
            net/http.HandlerFunc.ServeHTTP(0x1)\n\t/usr/local/go/src/net/http/server.go:2136 +0x29";
        assert_eq!(frames(trace), ["main.(*Card).charge", "github.com/example/shop/orders.Place.func"]);
    }

    #[test]
    fn rust() {
        let trace = "   0: rust_begin_unwind\n             at /rustc/90b35a/library/std/src/panicking.rs:645:5\n\
            \x20  1: core::panicking::panic_fmt\n             at /rustc/90b35a/library/core/src/panicking.rs:72:14\n\
            \x20  2: shop::card::charge::h0123456789abcdef\n             at ./src/card.rs:12:7\n\
            \x20  3: shop::main\n             at ./src/main.rs:5:5\n\
            \x20  4: tokio::runtime::park::CachedParkThread::block_on";
        assert_eq!(frames(trace), ["shop::card::charge", "shop::main"]);
    }

    #[test]
    fn ruby() {
        let trace = "/app/lib/card.rb:12:in 'Card#charge': declined (CardDeclined)\n\
            \tfrom /app/lib/orders.rb:7:in `block in place'\n\
            \tfrom /usr/lib/ruby/gems/3.2.0/gems/rack-3.0/lib/rack/handler.rb:9:in 'call'";
        assert_eq!(frames(trace), ["Card#charge (card.rb)", "place (orders.rb)"]);
    }

    #[test]
    fn dot_net() {
        let trace = "System.InvalidOperationException: no stock\n\
            \x20  at System.Linq.ThrowHelper.ThrowNoElementsException()\n\
            \x20  at Shop.Stock.Reserve(String item, Int32 count) in /src/Stock.cs:line 57\n\
            \x20  at Shop.Orders.<Place>d__3.MoveNext() in C:\\src\\Orders.cs:line 12\n\
            \x20  at Microsoft.AspNetCore.Routing.EndpointMiddleware.Invoke(HttpContext httpContext)";
        assert_eq!(frames(trace), ["Shop.Stock.Reserve", "Shop.Orders.<Place>d__.MoveNext"]);
    }

    #[test]
    fn php() {
        let trace = "Exception: declined in /app/src/Card.php:12\nStack trace:\n\
            #0 /app/src/Orders.php(40): App\\Card->charge('4711')\n\
            #1 /app/vendor/symfony/http-kernel/HttpKernel.php(163): App\\Orders->place()\n#2 {main}";
        assert_eq!(frames(trace), ["App\\Card->charge (Orders.php)"]);
    }

    #[test]
    fn what_is_no_stack_trace_has_no_frames() {
        assert!(frames("").is_empty());
        assert!(frames("at the end of the day (maybe): 12:30").is_empty());
        assert!(frames(&"\u{20ac}".repeat(100_000)).is_empty());
    }
}
