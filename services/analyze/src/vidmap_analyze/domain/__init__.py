"""The rules of topic analysis: pure, without input, output or models."""
