#!/usr/bin/env bash
# One would guess that texts which equal their references have a corpus BLEU of 1, and that one more perfect pair cannot
# lower the figure: sequences of n words are counted over the corpus, and a text shorter than n has none. Instead nltk
# counts one for each such text, so that a corpus of short texts (explanations, tips, titles) scores below other
# implementations of the same formula; no message says so where the corpus has longer texts as well. Seen with nltk
# 3.10.3 and Python 3.11, November 2026.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check nltk==3.10.3
cat >look.py <<'PY'
import sys
import warnings
import nltk
from nltk.translate.bleu_score import corpus_bleu

warnings.simplefilter("error")
texts = [["it", "fits", "very", "well"], ["great"]]
one = corpus_bleu([[texts[0]]], [texts[0]])
both = corpus_bleu([[text] for text in texts], texts)
print(f"nltk {nltk.__version__}: BLEU-4 of a text equal to its reference {one:.4f}; with a second such pair, of one word, {both:.4f}")
sys.exit(0 if one == 1 and abs(both - 0.5 ** 0.5) < 1e-9 else 1)
PY
env/bin/python look.py
