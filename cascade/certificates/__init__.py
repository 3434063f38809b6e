"""Certificates: evidence for verdicts that a small program confirms, which shares nothing with the rest of this one."""
