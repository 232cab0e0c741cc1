"""Topic tree, labels and summaries of a transcript."""
