"""A language model's provider for tests: OpenAI's and Anthropic's wire formats over real HTTP, and every way
in which they go wrong, as scripted. `python -m tests.model_server --port 8090` runs it by itself.
"""
