// The door of plan: what a model will take of memory, time and money, before anything is run.
//
// Pure arithmetic over a shape; what training takes is asked of the trainer's own estimator by app (app/plan_night.h),
// for this room may not know the trainer.
#pragma once

#include "plan/chat_need.h"
#include "plan/essay.h"
#include "plan/plan_shape.h"
#include "plan/prices.h"
