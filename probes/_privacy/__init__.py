"""What the privacy probes share: finding and masking personal data, and attacks that guess who was trained on."""
