#!/bin/sh
# Checks the documents before each commit. Install it with `quantapilot compliance hook --install`,
# or copy it to .git/hooks/pre-commit and make it executable. `git commit --no-verify` goes around it.
set -eu

if command -v quantapilot >/dev/null 2>&1; then
    check="quantapilot compliance check"
elif command -v quantapilot-compliance >/dev/null 2>&1; then
    check="quantapilot-compliance check"
else
    echo "pre-commit: quantapilot is not installed, so the documents are not checked" >&2
    exit 0
fi

# What is staged is what will be committed, so that is what is checked, not the work tree.
tree=$(git write-tree)
exec $check --rev "$tree" "$(git rev-parse --show-toplevel)"
