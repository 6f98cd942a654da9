"""What answers a function that calls AWS from the embedded endpoint: nothing that is AWS."""
