"""The chat views that are measured."""

from __future__ import annotations

from django.db.models import Count

from benchmarks.models import Product
from telegrambot.engine.chat import ChatRequest, Reply, command, escape


@command("echo", description="Say it back")
def echo(request: ChatRequest) -> Reply:
    """Answer, and nothing else."""
    return Reply(escape(request.text))


@command("catalogue", description="What is there")
def catalogue(request: ChatRequest) -> Reply:
    """Two ORM queries, as a typical view makes them."""
    categories = Product.objects.values("category").annotate(count=Count("id")).order_by("category")[:8]
    titles = Product.objects.filter(category="category 1").order_by("title")[:8]
    lines = [f"{row['category']}: {row['count']}" for row in categories]
    lines += [product.title for product in titles]
    return Reply(escape(request.text) + "\n" + "\n".join(lines))
