"""The archive: every record of the event topics with its verdict, in Parquet files that prove themselves."""
