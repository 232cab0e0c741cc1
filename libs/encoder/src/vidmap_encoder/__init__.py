"""Sentence embeddings by a tokenizer and an ONNX model."""

from vidmap_encoder.encoder import Encoder
from vidmap_encoder.errors import EncoderError

__all__ = ["Encoder", "EncoderError"]
