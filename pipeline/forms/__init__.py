"""The new-task forms, one file for each type of task: what was typed, what is wrong with it, what it would come to."""

from __future__ import annotations

from .base import NewTask
from .blog_post import NewBlogPost
from .daily_workflow import NewDailyWorkflow
from .platform_content import NewPlatformContent

FORMS: dict[str, type[NewTask]] = {form.task_type: form for form in (NewBlogPost, NewDailyWorkflow, NewPlatformContent)}

__all__ = ["FORMS", "NewTask"]
