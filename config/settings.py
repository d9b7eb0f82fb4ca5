"""All settings, from the environment or `.env` (explained one by one in .env.example)."""

from __future__ import annotations

import sys
from pathlib import Path

from cryptography.fernet import Fernet
from django.core.management.utils import get_random_secret_key
from django.utils.translation import gettext_lazy as _

from config import content_security, database
from config.admin_theme import UNFOLD  # noqa: F401  (a setting too)
from config.environment import Environment
from config.secrets import kept_secret

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = Environment()
Environment.read_file(BASE_DIR / ".env")

# ── Mode ──────────────────────────────────────────────────────────────────────────────────────────────────
# A checkout that was told nothing is a development checkout. It serves loopback names only.
DEBUG = env.flag("DEBUG", default=not (env.text("SECRET_KEY") or env.names("ALLOWED_HOSTS")))
SECRET_KEY = env.text("SECRET_KEY")
VAULT_KEYS = env.names("VAULT_KEYS")
if DEBUG:
    SECRET_KEY = SECRET_KEY or kept_secret(VAR_DIR / "secret_key", get_random_secret_key)
    VAULT_KEYS = VAULT_KEYS or [kept_secret(VAR_DIR / "vault_key", lambda: Fernet.generate_key().decode())]
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS")
BEHIND_PROXY = env.flag("BEHIND_PROXY", default=False)
PORT = env.integer("PORT", 8000, least=1, most=65_535)

# ── Telegram ──────────────────────────────────────────────────────────────────────────────────────────────
TELEGRAM_BOT_TOKEN = env.text("TELEGRAM_BOT_TOKEN")
# Without a token a development checkout talks to its own Telegram, the sandbox.
SANDBOX = DEBUG and not TELEGRAM_BOT_TOKEN
TELEGRAM_API_URL = env.text(
    "TELEGRAM_API_URL",
    f"http://127.0.0.1:{PORT}/sandbox/telegram" if SANDBOX else "https://api.telegram.org",
)
TELEGRAM_PROXY_URL = env.text("TELEGRAM_PROXY_URL")
TELEGRAM_WEBHOOK_SECRET = env.text("TELEGRAM_WEBHOOK_SECRET")
# Telegram promises that ids have 52 bits at most.
OWNER_TELEGRAM_ID = env.integer("OWNER_TELEGRAM_ID", None, least=1, most=2**52 - 1)

# ── Engine ────────────────────────────────────────────────────────────────────────────────────────────────
DISPATCH_THREADS = env.integer("DISPATCH_THREADS", 1, least=1, most=100)
MESSAGES_PER_SECOND = env.number("MESSAGES_PER_SECOND", 30.0, least=0, most=10_000)
# Those under way are uncertain when Telegram hangs, so no more of them than the budget can fill.
SENDER_CONCURRENCY = env.integer(
    "SENDER_CONCURRENCY", 64 if 0 < MESSAGES_PER_SECOND <= 30 else 200, least=1, most=1_000
)
MESSAGES_PER_SECOND_IN_CHAT = env.number("MESSAGES_PER_SECOND_IN_CHAT", 1.0, least=0, most=10_000)
MESSAGES_PER_MINUTE_IN_GROUP = env.number("MESSAGES_PER_MINUTE_IN_GROUP", 20.0, least=0, most=10_000)
# Longer than any single call to Telegram takes; then what a dead process was sending is listed as uncertain.
SEND_LEASE_SECONDS = env.number("SEND_LEASE_SECONDS", 60.0, least=1, most=3_600)
ANSWERS_EXPIRE_AFTER_MINUTES = env.integer("ANSWERS_EXPIRE_AFTER_MINUTES", 60, least=1, most=100_000)
PAYLOAD_RETENTION_DAYS = env.integer("PAYLOAD_RETENTION_DAYS", 30, least=1, most=36_500)

# ── Application ───────────────────────────────────────────────────────────────────────────────────────────
INSTALLED_APPS = [
    "config",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.import_export",
    "telegrambot.accounts.admin_site.SwitchboardAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "procrastinate.contrib.django",
    "import_export",
    "audit",
    "telegrambot.vault",
    "telegrambot.accounts",
    "telegrambot.sign_in",
    "projects",
    "telegrambot.guides",
    "telegrambot.broadcasts",
    "telegrambot.inbox",
    "telegrambot.engine",
    "telegrambot.sandbox",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.security_headers.SecurityHeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.addresses.RefuseNul",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "audit.middleware.AuditMiddleware",
    "telegrambot.accounts.admin_timezone.OperatorTimeZone",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "telegrambot.sign_in.clients.ClientMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# ── Database ──────────────────────────────────────────────────────────────────────────────────────────────
# The sandbox's people must never meet real ones. The embedded server holds a database for each; of one that
# DATABASE_URL names, filldemo and runbot look whose it is.
DATABASES = {
    "default": database.from_environment(
        env, base_dir=BASE_DIR, name="switchboard_sandbox" if SANDBOX else "switchboard"
    )
}
if "runserver" in sys.argv:
    # The development server has a thread for each connection of a browser: kept connections would pile up.
    DATABASES["default"]["CONN_MAX_AGE"] = 0
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ── Sign-in ───────────────────────────────────────────────────────────────────────────────────────────────
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["telegrambot.accounts.permissions.RoleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"
SESSION_ENGINE = "telegrambot.sign_in.session_store"
ACCOUNT_ADAPTER = "telegrambot.sign_in.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Counted in the cache, that is in the database: for all web processes together. "key" is the user name.
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
# Whom attempts are counted for: the connection's other end, or what our own proxy says about its other end.
ALLAUTH_TRUSTED_PROXY_COUNT = int(BEHIND_PROXY)
MFA_ADAPTER = "telegrambot.sign_in.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Switchboard"
# Browsers allow passkeys without https on localhost only.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG

# ── Languages and time ────────────────────────────────────────────────────────────────────────────────────
LANGUAGES = [("en", _("English")), ("ru", _("Russian"))]
LANGUAGE_CODE = env.choice("LANGUAGE_CODE", "en", [code for code, _name in LANGUAGES])
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "config.formats"
TIME_ZONE = env.time_zone("TIME_ZONE", "UTC")
USE_I18N = True
USE_TZ = True

# ── Files ─────────────────────────────────────────────────────────────────────────────────────────────────
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG

# ── Security ──────────────────────────────────────────────────────────────────────────────────────────────
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = not DEBUG
SECURE_HSTS_SECONDS = 0 if DEBUG else env.integer("SECURE_HSTS_SECONDS", 3600, least=0, most=100_000_000)
# Both would have browsers insist on https for other hosts of the same domain, of which nothing is known here.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {"DIRECTIVES": content_security.STRICT}
X_FRAME_OPTIONS = "DENY"
DEFAULT_EXCEPTION_REPORTER_FILTER = "telegrambot.vault.error_pages.SecretsStayHidden"
# The webhook reads its own bounded body; forms of the admin stay far below this.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# ── Files with many rows ──────────────────────────────────────────────────────────────────────────────────
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "add"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "view"
IMPORT_EXPORT_SKIP_ADMIN_LOG = True  # the database keeps the history

# ── Broadcasts ────────────────────────────────────────────────────────────────────────────────────────────
BROADCAST_CONFIRM_ABOVE = env.integer("BROADCAST_CONFIRM_ABOVE", 1000, least=0, most=1_000_000_000)
BROADCAST_GRACE_MINUTES = env.integer("BROADCAST_GRACE_MINUTES", 15, least=0, most=100_000)
PAID_BROADCASTS = env.flag("PAID_BROADCASTS", default=False)

# ── Drafts ────────────────────────────────────────────────────────────────────────────────────────────────
DRAFTING_CONCURRENCY = env.integer("DRAFTING_CONCURRENCY", 2, least=1, most=100)

# ── Cache ─────────────────────────────────────────────────────────────────────────────────────────────────
# The oldest give way to new ones, so it never grows beyond this.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "switchboard_cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}

# ── Background work ───────────────────────────────────────────────────────────────────────────────────────
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"

# ── Logs ──────────────────────────────────────────────────────────────────────────────────────────────────
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"token": {"()": "config.redaction.TokenFilter"}},
    "formatters": {"line": {"format": "{asctime} {levelname:<7} {name}: {message}", "style": "{"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["token"]},
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # Named here, it loses the handler that Django gave it, which would write tokens too.
        "django": {"level": "INFO"},
        "procrastinate": {"level": "WARNING"},
        "fido2": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        # These would tell keys and customers' words at the level DEBUG.
        **{name: {"level": "WARNING"} for name in ("openai", "anthropic", "httpx2", "httpcore2")},
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}
