"""What browsers may load and do on our pages (Content-Security-Policy, Permissions-Policy)."""

from __future__ import annotations

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE

# Everything comes from our own static files; nothing inline, nothing from elsewhere, no frame around it.
STRICT = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF],
    "font-src": [SELF],
    "media-src": [SELF],
    "connect-src": [SELF],
    "manifest-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}
# Unfold's Alpine.js evaluates the attributes of the page, its charts and colours are inline styles, and its
# newer versions open the form of a related row in a frame over the page.
FOR_UNFOLD = {
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
    "frame-src": [SELF],
}
# The form in that frame; only our own pages may have it in theirs.
IN_UNFOLDS_FRAME = FOR_UNFOLD | {"frame-ancestors": [SELF]}

_REFUSED = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "usb",
)
PERMISSIONS = ", ".join(f"{feature}=()" for feature in _REFUSED)
