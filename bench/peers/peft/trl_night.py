#!/usr/bin/env python3
"""One night's rows through transformers + PEFT + TRL, from command to adapter. night.py beside this calls it.

    trl_night.py MODEL_FOLDER ROWS.json ADAPTER_FOLDER --settings default|grouped|padding-free [--threads N]

ROWS.json: {"train": [{"input_ids","labels"}...] in the order of the steps, "valid": [...], "rank", "alpha", "batch",
"eval_steps", "rate", "seed"}. `default`: what SFTConfig does when nobody says otherwise (float32 weights under bf16
autocast, gradient checkpointing, padded batches). The others: bf16 weights, no checkpointing, scaled-dot-product
attention, and rows of like length together, or no padding at all.
"""
import argparse, json, time

BEGAN = time.perf_counter()

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def config(night, settings, folder):
    own = {}
    if settings != "default":
        own = dict(gradient_checkpointing=False, bf16=False)
    if settings == "grouped":
        own |= dict(train_sampling_strategy="group_by_length")
    if settings == "padding-free":
        own |= dict(padding_free=True, max_length=None)
    return SFTConfig(
        output_dir=folder, use_cpu=True, report_to="none", save_strategy="no", disable_tqdm=True,
        per_device_train_batch_size=night["batch"], per_device_eval_batch_size=night["batch"], num_train_epochs=1,
        learning_rate=night["rate"], lr_scheduler_type="linear", warmup_steps=0.1, weight_decay=0.01,
        seed=night["seed"], eval_strategy="steps", eval_steps=night["eval_steps"], eval_on_start=True,
        prediction_loss_only=True, **own)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("rows")
    parser.add_argument("adapter")
    parser.add_argument("--settings", default="default", choices=["default", "grouped", "padding-free"])
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    night = json.load(open(options.rows))
    if options.settings == "default":
        model = options.model  # TRL loads it as it likes
    else:
        model = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.bfloat16, attn_implementation="sdpa")
    trainer = SFTTrainer(
        model=model, args=config(night, options.settings, options.adapter),
        train_dataset=Dataset.from_list(night["train"]), eval_dataset=Dataset.from_list(night["valid"]),
        processing_class=AutoTokenizer.from_pretrained(options.model),
        peft_config=LoraConfig(r=night["rank"], lora_alpha=night["alpha"], lora_dropout=0.0, target_modules=LINEAR,
                               task_type="CAUSAL_LM"))
    ready = time.perf_counter()
    done = trainer.train()
    trainer.save_model(options.adapter)
    evals = [line["eval_loss"] for line in trainer.state.log_history if "eval_loss" in line]
    print(json.dumps({"steps": done.global_step, "start_up_seconds": round(ready - BEGAN, 2),
                      "valid_loss_first": evals[0], "valid_loss_last": evals[-1]}))


if __name__ == "__main__":
    main()
