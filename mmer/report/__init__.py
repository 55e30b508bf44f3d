"""Report: Predictions and artifacts -> one self-contained HTML file. Trains nothing, computes no motion."""
