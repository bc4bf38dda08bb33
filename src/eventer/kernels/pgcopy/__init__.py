"""PostgreSQL's binary COPY format: written from columns, read as digests."""
