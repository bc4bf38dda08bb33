"""PostgreSQL's binary COPY format: written from columns, and read back as digests."""
