"""All settings, read top to bottom. The environment overrides values, never structure.

Every variable that is read stands here once, with its default; README.md lists them for operators.
"""

import json
import os
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config.connection import Connection
from config.embedded.data import DataDir

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where it runs -----------------------------------------------------------------------------------------
DATA_DIR = Path(env("COPYDESK_DATA", default=str(BASE_DIR / "var"))).resolve()
# A command that is run beside `make up` meets the same servers; what the environment says wins.
DataDir(DATA_DIR).join_running()
DEBUG = env.bool("COPYDESK_DEBUG", default=False)
# `make up` serves plain HTTP on loopback; behind a TLS proxy set COPYDESK_HTTPS=1.
HTTPS = env.bool("COPYDESK_HTTPS", default=False)
SITE_URL = env("COPYDESK_URL", default="http://127.0.0.1:8000").rstrip("/")
SITE_NAME = env("COPYDESK_SITE_NAME", default="Copydesk")
SITE_TAGLINE = env("COPYDESK_SITE_TAGLINE", default="Drafted with a model, edited and approved by people")
ALLOWED_HOSTS = env.list("COPYDESK_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("COPYDESK_ORIGINS", default=[])


def _secret_key() -> str:
    """The key from the environment, or the one that `up` made and keeps beside the data."""
    if key := env("COPYDESK_SECRET_KEY", default=""):
        return str(key)
    kept = DATA_DIR / "secrets.json"
    if kept.exists():
        return str(json.loads(kept.read_text())["secret_key"])
    # Management commands that touch no session (makemigrations, collectstatic) may run before `up` made a key.
    return "unsafe-" + "0" * 50


SECRET_KEY = _secret_key()

# --- Apps --------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "config",
    "pipeline",
    "media_gen",
    "content",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "drf_spectacular",
    "corsheaders",
    "django_htmx",
    "django_structlog",
    "channels",
    "django_q",
    "pgtrigger",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "csp.middleware.CSPMiddleware",
    "content.views.limits.BodyLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "content.views.refusals.RefusalMiddleware",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["django.contrib.humanize.templatetags.humanize"],  # |intcomma: ids stay as they are
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "content.views.frame.frame",
                "pipeline.views.frame.bell",
            ],
        },
    }
]

# --- Data: one PostgreSQL, one Redis ------------------------------------------------------------------------
# A worker holds connections for a while (no pool: a pool breaks over fork); the web takes them from a pool.
IS_WORKER = len(sys.argv) > 1 and sys.argv[1] in {"qcluster", "clock"}
DATABASES = {"default": env.db("DATABASE_URL", default="postgres:///copydesk")}
# Whose the tables are, if that is another role than the application's: then that one may add to the trail and not change
# it, and only these two commands come as the owner.
OWNER_URL = env("COPYDESK_OWNER_URL", default="")
DESK_ROLE = DATABASES["default"]["USER"]
if OWNER_URL and sys.argv[1:2] in (["migrate"], ["prepare"]):
    DATABASES = {"default": env.db_url_config(OWNER_URL)}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if IS_WORKER:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
elif os.environ.get("COPYDESK_PROCESS") == "web":
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    # A short reconnect_timeout: the pool's own back-off doubles up to minutes, long after PostgreSQL is back.
    pool = {"min_size": 1, "max_size": 16, "timeout": 5, "reconnect_timeout": 2, "connection_class": Connection}
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = pool
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env("REDIS_URL", default="redis://127.0.0.1:6379/0")
CHANNEL_LAYERS = {
    "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}
}

# --- The queue: django-q2 executes, our Stage rows are the truth --------------------------------------------
Q_CLUSTER = {
    "name": "copydesk",
    "workers": env.int("COPYDESK_WORKERS", default=2),
    "redis": REDIS_URL,
    # A ticket may drain stages for hours and is never worth repeating: the sweep issues new ones.
    "timeout": 86_000,
    "retry": 86_400,
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": -1,
    "catch_up": False,
    "scheduler": False,
    "recycle": 500,
    "poll": 0.2,
    "guard_cycle": 1,
    "label": "Tickets",
}
LEASE_SECONDS = env.float("COPYDESK_LEASE_SECONDS", default=10)
HEARTBEAT_SECONDS = env.float("COPYDESK_HEARTBEAT_SECONDS", default=1)
STAGES_AT_ONCE = env.int("COPYDESK_STAGES_AT_ONCE", default=32)  # threads of one worker; they wait on models
LANES = env.list("COPYDESK_LANES", default=["io", "gpu"])
# A cluster that serves the device alone has tickets of its own, or it and the others would use up each other's.
GPU_CLUSTER = "copydesk-gpu"
if "io" not in LANES:
    Q_CLUSTER["cluster_name"] = GPU_CLUSTER
CLUSTER_HUNG_AFTER_SECONDS = env.float("COPYDESK_CLUSTER_HUNG_AFTER_SECONDS", default=30)

# --- Models ------------------------------------------------------------------------------------------------
# A model is named “anthropic/claude-sonnet-5-5”; a name without a provider's belongs to PROVIDER.
OLLAMA_HOST = env("OLLAMA_HOST", default="")  # your Ollama; empty starts the starter model
STARTER_URL = env("COPYDESK_STARTER_URL", default="")  # set by `up`
MODEL = env("COPYDESK_MODEL", default="smollm2:135m" if not OLLAMA_HOST else "llama3.1:8b")
PROVIDER = env("COPYDESK_PROVIDER", default="ollama")
# Who is asked, in turn, when a model fails for good; only models that are asked in the same way stand in for it.
FALLBACK = env.list("COPYDESK_FALLBACK", default=[])
OLLAMA_KEEP_ALIVE = env("OLLAMA_KEEP_ALIVE", default="10m")
OLLAMA_NUM_CTX = env.int("OLLAMA_NUM_CTX", default=0)  # 0: what the model's profile says
OLLAMA_THINK = env.bool("OLLAMA_THINK", default=False)
OLLAMA_AT_ONCE = env.int("COPYDESK_OLLAMA_AT_ONCE", default=0)  # calls of one process; 0: what the profile says
OPENAI_API_KEY = env("OPENAI_API_KEY", default="")
OPENAI_BASE_URL = env("OPENAI_BASE_URL", default="")  # any server that speaks OpenAI's protocol
ANTHROPIC_API_KEY = env("ANTHROPIC_API_KEY", default="")
ANTHROPIC_BASE_URL = env("ANTHROPIC_BASE_URL", default="")
# Calls a minute, all workers together; 0 is no limit. The defaults keep to the vendors' lowest paid tiers.
PER_MINUTE = {
    name: env.int(f"COPYDESK_{name.upper()}_PER_MINUTE", default=calls)
    for name, calls in {"ollama": 0, "openai": 300, "anthropic": 50, "scripted": 0}.items()
}
SCRIPTED_SECONDS = env.float("COPYDESK_SCRIPTED_SECONDS", default=0)  # an answer of the scripted model, in benchmarks
EMBEDDER = env("COPYDESK_EMBEDDER", default="")  # Ollama's model that tells how close two ideas are; empty: by words
MODEL_TIMEOUT_SECONDS = env.float("COPYDESK_MODEL_TIMEOUT", default=0)  # 0: 30 s where hosted, else by the tokens asked
TASK_DEADLINE_SECONDS = env.float("COPYDESK_TASK_DEADLINE", default=3600)
PASS_MARK = env.float("COPYDESK_PASS_MARK", default=7.0)
BANNED_PHRASES = env.list("COPYDESK_BANNED_PHRASES", default=[])
# The daily run, until a person says otherwise in their settings.
DAILY_PLATFORMS = env.list("COPYDESK_DAILY_PLATFORMS", default=["linkedin", "x", "instagram"])
TOPICS = env.list(
    "COPYDESK_TOPICS",
    default=["remote work", "personal budgeting", "home cooking", "public speaking", "urban gardening"],
)
IDEA_TEMPERATURE = env.float("COPYDESK_IDEA_TEMPERATURE", default=0.8)
TRANSFORM_TEMPERATURE = env.float("COPYDESK_TRANSFORM_TEMPERATURE", default=0.7)
IDEA_TOKENS = env.int("COPYDESK_IDEA_TOKENS", default=2000)  # the cap of one answer, for ten ideas
TRANSFORM_TOKENS = env.int("COPYDESK_TRANSFORM_TOKENS", default=1500)
NEEDS_SECOND_PERSON = env.bool("COPYDESK_SECOND_PERSON", default=False)

# --- Pictures: what comes from outside ------------------------------------------------------------------------
PEXELS_KEY = env("COPYDESK_PEXELS_KEY", default="")  # empty: Pexels is off
PEXELS_URL = env("COPYDESK_PEXELS_URL", default="https://api.pexels.com").rstrip("/")
# Where pictures may be fetched from: a host by its full name, or every host below “.example.org”.
IMAGE_HOSTS = env.list("COPYDESK_IMAGE_HOSTS", default=["images.pexels.com"])
IMAGE_MB = env.int("COPYDESK_IMAGE_MB", default=20)  # the largest file that is taken, fetched or sent
# For tests with a stand-in on this machine: plain HTTP, any port and loopback addresses are then allowed.
IMAGES_FROM_LOOPBACK = env.bool("COPYDESK_IMAGES_FROM_LOOPBACK", default=False)
# What all processes remember together, and can do without; the default is each one's own memory. Never clear() it: the
# queue lies in the same Redis.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "shared": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "cache"},
}
# Bodies that may pass MAX_BODY_BYTES: a picture in its form, at the two addresses that take one.
LARGER_BODIES = {r"/desk/pieces/\d+/pictures/upload/?|/api/v1/media/images/": IMAGE_MB * 1_000_000 + 100_000}

# --- Pictures: the typographic card ---------------------------------------------------------------------------
# Brand colours such as #16357f,#f2b705, one to six; empty: the house's own. Whatever they are, a card can be read.
CARD_COLOURS = [colour.strip().lower() for colour in env.list("COPYDESK_CARD_COLOURS", default=[])]
if len(CARD_COLOURS) > 6 or any(re.fullmatch("#[0-9a-f]{6}", colour) is None for colour in CARD_COLOURS):
    raise ImproperlyConfigured(
        f"COPYDESK_CARD_COLOURS takes one to six colours such as #16357f,#f2b705; it is {','.join(CARD_COLOURS)}."
    )

# --- Pictures: SDXL ----------------------------------------------------------------------------------------
# A folder of an SDXL model, or a hub's name of one that is on this machine already; empty is off. `make images` first.
SDXL = env("COPYDESK_SDXL", default="")
SDXL_DEVICE = env("COPYDESK_SDXL_DEVICE", default="auto")  # auto, cuda, cuda:1, mps or cpu
SDXL_SIZE = env("COPYDESK_SDXL_SIZE", default="1344x768")  # one of those it was trained on; sides are multiples of 8
SDXL_SCHEDULER = env("COPYDESK_SDXL_SCHEDULER", default="")  # lcm, turbo, lightning; empty: the one the model came with
SDXL_STEPS = env.int("COPYDESK_SDXL_STEPS", default=0)  # 0: 30, with lcm and lightning 4, with turbo 2
SDXL_GUIDANCE = env.float("COPYDESK_SDXL_GUIDANCE", default=None)  # none: 5, with lcm 1, with turbo and lightning 0

# --- Publishing elsewhere: COPYDESK_STRAPI names targets, COPYDESK_STRAPI_<NAME>_… says what each is ------------
# Our names of what a post has, and the usual ones in Strapi. The others are sent where COPYDESK_STRAPI_<NAME>_FIELDS
# names a field for them, or {"field": …, "collection": …, "by": "name"} where that is a relation.
STRAPI_FIELDS = {
    "title": "title",
    "slug": "slug",
    "excerpt": "excerpt",
    "body": "content",
    "cover": "cover",
    "external_id": "externalId",
    **dict.fromkeys(
        ["category", "tags", "author", "reviewer", "url", "read_minutes", "published_at", "updated_at"], ""
    ),
}


def _strapi(name: str) -> dict[str, Any]:
    def said(what: str, default: Any = "") -> str:
        return str(env(f"{prefix}_{what}", default=default)).strip()

    def wrong(what: str, says: str) -> ImproperlyConfigured:
        return ImproperlyConfigured(f"{prefix}_{what} {says}")

    if not re.fullmatch("[a-z0-9][a-z0-9-]{0,29}", name):
        raise ImproperlyConfigured(
            f"COPYDESK_STRAPI takes names such as main,blog: small letters, digits; not {name!r}."
        )
    prefix = f"COPYDESK_STRAPI_{name.upper().replace('-', '_')}"
    url, version, status = said("URL").rstrip("/"), said("VERSION", 5), said("STATUS", "published")
    collection, token = said("COLLECTION", "articles"), said("TOKEN")
    if not re.fullmatch(r"https?://[^/\s@?#]+(/[^\s@?#]*)?", url):
        raise wrong("URL", "is Strapi's address, such as https://cms.example.org, without a password in it.")
    if not token or not token.isascii() or not token.isprintable():
        raise wrong("TOKEN", "is an API token of Strapi: Settings, API Tokens.")
    if version not in ("4", "5") or status not in ("published", "draft"):
        raise wrong("VERSION", "is 5 or 4, and _STATUS published or draft.")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", collection):
        raise wrong("COLLECTION", "is the plural API id of a collection type, such as articles.")
    try:
        fields = {**STRAPI_FIELDS, **json.loads(said("FIELDS", "{}"))}
        relations = [theirs for theirs in fields.values() if not isinstance(theirs, str)]
        marked = fields["external_id"] not in ("", *relations)
        named = all(theirs.keys() == {"field", "collection", "by"} for theirs in relations)
        fits = fields.keys() == STRAPI_FIELDS.keys() and marked and named
    except (ValueError, TypeError, AttributeError):
        fits = False
    if not fits:
        raise wrong(
            "FIELDS", f'is JSON such as {{"body": "text"}}, of: {", ".join(STRAPI_FIELDS)}. external_id is needed.'
        )
    singular = re.sub("s$", "", re.sub("ies$", "y", collection))
    desk = f"{url}/admin/content-manager/{'collection-types' if version == '5' else 'collectionType'}"
    return {
        "url": url,
        "token": token,
        "version": int(version),
        "collection": collection,
        "status": status,
        "fields": fields,
        "public_url": said("PUBLIC_URL"),  # a pattern with {slug}; empty: nobody can tell where readers find it
        "desk_url": said("DESK_URL", f"{desk}/api::{singular}.{singular}/{{id}}"),  # a pattern with {id}
        "locale": said("LOCALE"),
    }


STRAPI = {name: _strapi(name) for name in env.list("COPYDESK_STRAPI", default=[])}

# --- Mail: off until a server is named, such as smtp+tls://user:password@mail.example:587 ---------------------
EMAIL_URL = env("EMAIL_URL", default="")
MAIL_IS_ON = bool(EMAIL_URL)
_mail = env.email_url_config(EMAIL_URL or "dummymail://")
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"] or "localhost", _mail["EMAIL_PORT"] or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"] or "", _mail["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("EMAIL_USE_TLS", False), _mail.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = f"/{_mail['EMAIL_FILE_PATH']}" if _mail["EMAIL_FILE_PATH"] else None  # filemail:///var/mail
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("COPYDESK_MAIL_FROM", default="copydesk@localhost")

# --- People ------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "content.User"
# It wants unique=True and does not see that our index on Lower(email) is stricter.
SILENCED_SYSTEM_CHECKS = ["auth.E003"]
LOGIN_URL = "signin"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "signin"
PASSWORD_HASHERS = [  # bcrypt, cost 12
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
AUDIT_DAYS = env.int("COPYDESK_AUDIT_DAYS", default=90)  # then the trail's addresses and browsers are blanked
SIGNIN_TRIES = env.int("COPYDESK_SIGNIN_TRIES", default=5)  # then a pause of SIGNIN_PAUSE_SECONDS
SIGNIN_PAUSE_SECONDS = env.int("COPYDESK_SIGNIN_PAUSE", default=300)

# --- HTTP API ----------------------------------------------------------------------------------------------
MAX_BODY_BYTES = 1_000_000
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "content.api.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "content.api.paging.NewestFirst",
    "PAGE_SIZE": 20,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "content.api.errors.as_response",
    "DEFAULT_THROTTLE_CLASSES": ["content.api.throttling.PerUser"],
    "DEFAULT_THROTTLE_RATES": {
        "user": env("COPYDESK_RATE", default="100/min"),
        "tasks": env("COPYDESK_TASK_RATE", default="10/hour"),
        "signin": env("COPYDESK_SIGNIN_RATE", default="20/min"),
    },
    "NUM_PROXIES": env.int("COPYDESK_PROXIES", default=0),
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(hours=24),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "USER_ID_CLAIM": "user_id",
    "UPDATE_LAST_LOGIN": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Copydesk",
    "DESCRIPTION": "Models propose and write; people decide; what a person approved becomes public.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    # Three nouns have a status, two fields take kinds; without names of their own they would be numbered.
    "ENUM_NAME_OVERRIDES": {
        "PieceStatus": "content.models.Status",
        "TaskStatus": "pipeline.models.TaskStatus",
        "StageStatus": "pipeline.models.StageStatus",
        "NotificationKind": "pipeline.models.Kind",
        "DeliveryState": "pipeline.models.DeliveryState",
    },
}

# --- The shelf: public answers that each web process keeps -----------------------------------------------------
SHELF_MB = env.int("COPYDESK_SHELF_MB", default=32)  # a process; 0 keeps none

# --- The public site -----------------------------------------------------------------------------------------
# Whether an article says that a model drafted it, and which, and who read and approved it.
AI_NOTE = env.bool("COPYDESK_AI_NOTE", default=True)
ARTICLES_A_PAGE = env.int("COPYDESK_ARTICLES_A_PAGE", default=15)
ARTICLES_A_FEED = env.int("COPYDESK_ARTICLES_A_FEED", default=20)

# --- Preview links ---------------------------------------------------------------------------------------------
PREVIEW_LINK_DAYS = env.int("COPYDESK_PREVIEW_LINK_DAYS", default=7)  # until one ends, unless somebody says otherwise

# --- Public API: posts, for any front end ---------------------------------------------------------------------
# Sites whose scripts may read it in a browser, such as https://www.example.org; programs elsewhere need no leave.
CORS_ALLOWED_ORIGINS = [origin.rstrip("/") for origin in env.list("COPYDESK_CORS", default=[])]
CORS_URLS_REGEX = r"^/api/v1/posts/"
CORS_ALLOW_METHODS = ["GET", "HEAD", "OPTIONS"]
CORS_ALLOW_HEADERS = ["accept", "content-type", "if-none-match", "if-modified-since"]
CORS_EXPOSE_HEADERS = ["etag"]  # scripts see Last-Modified and Cache-Control anyway

# --- Pages, files and what the browser may load -------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True  # `up` serves from the source tree; a deployment runs collectstatic
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"
FOREVER = "public, max-age=31536000, immutable"  # the names of public pictures are hashes of what is in them
PREVIEW_DAYS = env.int("COPYDESK_PREVIEW_DAYS", default=7)  # then a picture that nobody chose is cleaned up
PUBLIC_STORAGE = env("COPYDESK_PUBLIC_STORAGE", default="local")  # or s3, or cloudinary
PREVIEW_STORAGE = env("COPYDESK_PREVIEW_STORAGE", default="local")  # or s3, where several machines share the work
# Amazon's S3 or what speaks like it; its keys are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the machine's role.
S3_BUCKET = env("COPYDESK_S3_BUCKET", default="")
S3_PREVIEW_BUCKET = env("COPYDESK_S3_PREVIEW_BUCKET", default="")  # private, and not the public one
S3_ENDPOINT = env("COPYDESK_S3_ENDPOINT", default="").rstrip("/")  # empty: Amazon's own
S3_REGION = env("COPYDESK_S3_REGION", default="us-east-1")
S3_PREFIX = env("COPYDESK_S3_PREFIX", default="")
S3_ACL = env("COPYDESK_S3_ACL", default="")  # public-read where a bucket's policy cannot say so
_bucket_url = f"{S3_ENDPOINT}/{S3_BUCKET}" if S3_ENDPOINT else f"https://{S3_BUCKET}.s3.{S3_REGION}.amazonaws.com"
S3_URL = env("COPYDESK_S3_URL", default=_bucket_url).rstrip("/")  # as readers reach it: a CDN, if there is one
CLOUDINARY_URL = env("CLOUDINARY_URL", default="")  # cloudinary://key:secret@cloud
CLOUDINARY_FOLDER = env("COPYDESK_CLOUDINARY_FOLDER", default="copydesk")


def _folder(location: Path, base_url: str | None) -> dict[str, Any]:
    return {"BACKEND": "media_gen.storage.local.Folder", "OPTIONS": {"location": location, "base_url": base_url}}


def _bucket(name: str, cache: str, acl: str = "") -> dict[str, Any]:
    protocol, _, domain = S3_URL.partition("//")
    options = {
        "bucket_name": name,
        "location": S3_PREFIX,
        "endpoint_url": S3_ENDPOINT or None,
        "region_name": S3_REGION,
        "url_protocol": protocol,
        "custom_domain": domain,
        "default_acl": acl or None,
        "object_parameters": {"CacheControl": cache},
    }
    return {"BACKEND": "media_gen.storage.s3.Bucket", "OPTIONS": options}


_publics = {
    "local": _folder(MEDIA_ROOT, MEDIA_URL),
    "s3": _bucket(S3_BUCKET, FOREVER, S3_ACL),
    "cloudinary": {
        "BACKEND": "media_gen.storage.cloudinary.Cloud",
        "OPTIONS": {"account": CLOUDINARY_URL, "folder": CLOUDINARY_FOLDER},
    },
}
_previews = {
    "local": _folder(DATA_DIR / "previews", None),  # private: no base_url, so no address can be made from it
    "s3": _bucket(S3_PREVIEW_BUCKET, "private, no-store"),
}
if PUBLIC_STORAGE not in _publics or PREVIEW_STORAGE not in _previews:
    raise ImproperlyConfigured(
        "COPYDESK_PUBLIC_STORAGE is local, s3 or cloudinary; COPYDESK_PREVIEW_STORAGE local or s3."
    )
if "s3" in (PUBLIC_STORAGE, PREVIEW_STORAGE) and S3_BUCKET == S3_PREVIEW_BUCKET:
    raise ImproperlyConfigured("COPYDESK_S3_BUCKET and COPYDESK_S3_PREVIEW_BUCKET are two buckets: one is public.")
STORAGES = {
    "default": _folder(MEDIA_ROOT, MEDIA_URL),
    "public": _publics[PUBLIC_STORAGE],
    "previews": _previews[PREVIEW_STORAGE],
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Where readers get pictures from: the public storage, and where those lie that were published before it was changed.
_picture_hosts = {"local": [], "s3": ["/".join(S3_URL.split("/")[:3])], "cloudinary": ["https://res.cloudinary.com"]}
PICTURE_HOSTS = [*_picture_hosts[PUBLIC_STORAGE], *env.list("COPYDESK_PICTURE_HOSTS", default=[])]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", *PICTURE_HOSTS],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"

# --- Language and time -------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = env("COPYDESK_TIME_ZONE", default="UTC")
USE_I18N = True
USE_TZ = True

# --- Logs: JSON, one line each, no text of pieces and no keys -----------------------------------------------
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # content.apps says the address, as our own proxies tell it
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.logs.json_formatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": env("COPYDESK_LOG_LEVEL", default="INFO")},
    "loggers": {
        "django-q": {"level": "WARNING"},
        "django_structlog": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        "httpcore2": {"level": "WARNING"},
    },
}
