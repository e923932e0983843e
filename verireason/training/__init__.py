"""Supervised fine-tuning and GRPO. The scripts are `sft.py` and `grpo.py`; the rest are their parts."""
