"""The public site's addresses."""

from django.urls import path, re_path

from content.views import feeds, guest, preview
from content.views.site import article, lists, maps, searching

urlpatterns = [
    path("", lists.home, name="home"),
    path("category/<str:slug>/", lists.category, name="category"),
    path("tag/<str:slug>/", lists.tag, name="tag"),
    path("author/<str:slug>/", lists.author, name="author"),
    path("archive/", lists.archive, name="archive"),
    re_path(r"^archive/(?P<year>[0-9]{4})/$", lists.period, name="year"),
    re_path(r"^archive/(?P<year>[0-9]{4})/(?P<month>0[1-9]|1[0-2])/$", lists.period, name="month"),
    path("posts/<str:slug>/", article.post, name="post"),
    path("preview/<str:token>/", preview.preview, name="preview"),
    path("guest/<str:token>/", guest.guest, name="guest"),
    path("search/", searching.results, name="search"),
    path("feed/rss.xml", feeds.rss, name="feed-rss"),
    path("feed/atom.xml", feeds.atom, name="feed-atom"),
    path("feed/feed.json", feeds.json_feed, name="feed-json"),
    path("sitemap.xml", maps.sitemap, name="sitemap"),
    path("sitemap-sections.xml", maps.sitemap_sections, name="sitemap-sections"),
    path("sitemap-<int:number>.xml", maps.sitemap_part, name="sitemap-part"),
    path("robots.txt", maps.robots, name="robots"),
]
