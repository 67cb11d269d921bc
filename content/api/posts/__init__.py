"""`posts/`: what is public, for anybody. Reads `Post` alone, so nothing at the desk can shine through."""

from content.api.posts.views import OnePost, Posts, Search

__all__ = ["OnePost", "Posts", "Search"]
