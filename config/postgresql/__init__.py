"""Django's PostgreSQL backend, which also starts the embedded server when settings name no other."""
